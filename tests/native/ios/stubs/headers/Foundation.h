// What BackgroundTasks needs of Foundation.
#pragma once
#include "Queue.h"
typedef struct _NSZone NSZone;
__attribute__((swift_bridge("Swift.String"))) @interface NSString : NSObject
@end
__attribute__((swift_bridge("Foundation.Date"))) @interface NSDate : NSObject
@end
__attribute__((swift_bridge("Swift.Array"))) @interface NSArray<__covariant Element> : NSObject
@end
@interface NSError : NSObject
@end
typedef NSString *NSErrorDomain;
@protocol NSCopying
- (id _Nonnull)copyWithZone:(NSZone *_Nullable)zone;
@end
__attribute__((swift_name("Progress"))) @interface NSProgress : NSObject
@property long long totalUnitCount;
@property long long completedUnitCount;
@end
__attribute__((swift_name("ProgressReporting"))) @protocol NSProgressReporting <NSObject>
@property(readonly) NSProgress *_Nonnull progress;
@end
