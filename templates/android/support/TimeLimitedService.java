package dev.bgsvc;

import android.app.Service;

/**
 * A service whose time limits are heard, whatever platform the app is compiled against.
 *
 * <p>In Java, for {@code onTimeout(int, int)} came with API 35: Kotlin would have to say
 * {@code override} from 35 on, and must not below.
 */
public abstract class TimeLimitedService extends Service {
    /** Android says that a type's time is up; it may say so twice. */
    protected abstract void onTimeLimit();

    /** A short service has had its time (API 34). */
    public void onTimeout(int startId) {
        onTimeLimit();
    }

    /** A type with a time limit has used it up (API 35, for a short service after the other one). */
    public void onTimeout(int startId, int fgsType) {
        onTimeLimit();
    }
}
