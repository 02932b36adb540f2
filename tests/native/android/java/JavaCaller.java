package dev.bgsvc.tests;

import android.content.Context;
import android.content.Intent;
import dev.bgsvc.Bgsvc;
import dev.bgsvc.BgsvcAnswer;
import dev.bgsvc.BgsvcError;
import dev.bgsvc.BgsvcListener;
import dev.bgsvc.FiniteTask;
import dev.bgsvc.ServiceState;
import dev.bgsvc.StartReason;
import dev.bgsvc.StartResult;
import dev.bgsvc.StopReason;
import java.util.List;
import org.example.heartbeat.bgsvc.HeartbeatService;
import org.example.heartbeat.bgsvc.TidyJob;

/** An app in Java: every function of {@link Bgsvc} as it is written there. */
final class JavaCaller {
    private final Context context;
    private final List<String> received;
    private final BgsvcListener listener;

    JavaCaller(Context context, List<String> received) {
        this.context = context;
        this.received = received;
        this.listener = event -> received.add(event.getService() + " " + event.getEvent());
    }

    String start() {
        Bgsvc.addListener(listener);
        StartResult started = Bgsvc.start(context, HeartbeatService.class);
        StartResult again = Bgsvc.start(context, HeartbeatService.class, StartReason.USER);
        if (started instanceof StartResult.Refused refused) {
            BgsvcError error = refused.getError();
            return error.getCode() + ": " + error.getMessage() + " " + error.getFix();
        }
        return started == StartResult.Accepted.INSTANCE && again == started ? "accepted" : "?";
    }

    boolean isRunning() {
        return Bgsvc.state(HeartbeatService.NAME) == ServiceState.RUNNING
                && Boolean.TRUE.equals(Bgsvc.desiredRunning(context, HeartbeatService.NAME));
    }

    void capabilities() {
        Bgsvc.capabilities(
                new BgsvcAnswer() {
                    @Override
                    public void onAnswer(String json) {
                        received.add(json);
                    }

                    @Override
                    public void onError(BgsvcError error) {
                        received.add(error.getCode());
                    }
                });
    }

    void stop() {
        Bgsvc.stop(context, HeartbeatService.NAME, StopReason.USER_STOP);
    }

    String after() {
        Bgsvc.removeListener(listener);
        Bgsvc.stop(context, HeartbeatService.NAME);
        return Bgsvc.history(context, HeartbeatService.NAME);
    }

    Intent stopIntent() {
        return Bgsvc.stopIntent(context, HeartbeatService.class);
    }

    boolean finish() {
        try (FiniteTask task = Bgsvc.beginFiniteTask(context, () -> received.add("expired"))) {
            return task.getRemainingMillis() == null;
        }
    }

    boolean schedule() {
        return TidyJob.schedule(context) == StartResult.Accepted.INSTANCE;
    }
}
