// What a class of Objective-C is made of.
#pragma once
typedef _Bool BOOL;
typedef long NSInteger;
typedef unsigned long NSUInteger;
@protocol NSObject
@end
__attribute__((objc_root_class)) @interface NSObject <NSObject>
- (instancetype _Nonnull)init;
@end
