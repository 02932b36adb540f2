// A queue, as Swift has it: an object.
#pragma once
#include "ObjectiveC.h"
__attribute__((swift_name("DispatchQueue"))) @interface OS_dispatch_queue : NSObject
@end
typedef OS_dispatch_queue *dispatch_queue_t;
