// W3: 64-64-32-10, Adam at 0.001, batches of 64; every product is small.
#include "classifier.hpp"

typedef Classifier<64, 64, 64, 32, false, false, Adam> Digits;
EXPORT(Digits, 1e-3f)
