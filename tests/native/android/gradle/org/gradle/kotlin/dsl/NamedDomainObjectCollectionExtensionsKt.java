package org.gradle.kotlin.dsl;

import kotlin.reflect.KProperty;

/** The one function of Gradle's Kotlin DSL that Chaquopy's classes call; Maven does not have it. */
public final class NamedDomainObjectCollectionExtensionsKt {
    private NamedDomainObjectCollectionExtensionsKt() {}

    public static Object provideDelegate(Object receiver, Object owner, KProperty<?> property) {
        return receiver;
    }
}
