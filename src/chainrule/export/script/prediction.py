def prediction_script(*a): return ""
