// W5: 1024-1024-1024-10, momentum 0.9 at 0.01, batches of 256; both hidden layers are large.
#include "classifier.hpp"

typedef Classifier<256, 1024, 1024, 1024, true, true, Momentum> Wide;
EXPORT(Wide, 1e-2f)
