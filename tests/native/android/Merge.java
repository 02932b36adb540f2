import com.android.manifmerger.Merger;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Merges manifests in one process: each line of a file is a call, with tabs between arguments. */
public final class Merge {
    public static void main(String[] arguments) throws IOException {
        int worst = 0;
        for (String call : Files.readAllLines(Path.of(arguments[0]))) {
            worst = Math.max(worst, new Merger().process(call.split("\t")));
        }
        System.exit(worst);
    }
}
