package dev.bgsvc;

import android.app.Service;

/**
 * A service that receives Android's time limits, whatever platform the app is compiled against.
 *
 * <p>It is in Java because {@code onTimeout(int, int)} came with API 35: Kotlin requires
 * {@code override} from 35 on, and forbids it below.
 */
public abstract class TimeLimitedService extends Service {
    /** Called when a type's time is up; Android may call it twice for one time limit. */
    protected abstract void onTimeLimit();

    /** Called when a short service's time is up (API 34). */
    public void onTimeout(int startId) {
        onTimeLimit();
    }

    /** Called when a type's time limit is used up (API 35); a short service gets both calls. */
    public void onTimeout(int startId, int fgsType) {
        onTimeLimit();
    }
}
