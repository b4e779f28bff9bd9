// W4: 784-128-64-10, Adam at 0.001, batches of 128; the first layer's products are large.
#include "classifier.hpp"

typedef Classifier<128, 784, 128, 64, true, false, Adam> Medium;
EXPORT(Medium, 1e-3f)
