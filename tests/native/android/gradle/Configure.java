import com.chaquo.python.ChaquopyExtension;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.gradle.api.Plugin;
import org.gradle.api.Project;
import org.gradle.api.internal.project.ProjectInternal;
import org.gradle.testfixtures.ProjectBuilder;

/** Configures each folder's `app` with its `app.gradle`, as Gradle does before a build. */
public final class Configure {
    private Configure() {}

    /**
     * Stands in for Chaquopy's plugin, which has to be on a build script's own class path: it adds
     * the same extension under the same name.
     */
    public static final class Chaquopy implements Plugin<Project> {
        @Override
        public void apply(Project project) {
            ChaquopyExtension extension =
                    project.getExtensions()
                            .create(
                                    "chaquopy",
                                    ChaquopyExtension.class,
                                    project.getObjects(),
                                    project.getLayout());
            extension.getSourceSets().maybeCreate("main");
        }
    }

    /** Configures the folders; writes a failure into the folder's `error.txt`. */
    public static void main(String[] folders) throws IOException {
        for (String folder : folders) {
            Path error = Path.of(folder, "error.txt");
            try {
                configure(new File(folder));
            } catch (Exception e) {
                Files.writeString(error, reasons(e));
            }
        }
        // Gradle's threads would keep the process alive.
        System.exit(0);
    }

    private static void configure(File folder) {
        File home = new File(folder, "gradle-home");
        Project root =
                ProjectBuilder.builder()
                        .withProjectDir(folder)
                        .withGradleUserHomeDir(home)
                        .build();
        Project app =
                ProjectBuilder.builder()
                        .withName("app")
                        .withParent(root)
                        .withProjectDir(new File(folder, "app"))
                        .build();
        // Android's plugin of which Maven has all parts asks for a newer Gradle than Maven has.
        app.getExtensions().getExtraProperties().set("android.overrideVersionCheck", "true");
        app.apply(Map.of("from", "app.gradle"));
        ((ProjectInternal) app).evaluate();
    }

    private static String reasons(Throwable error) {
        StringBuilder text = new StringBuilder();
        for (Throwable each = error; each != null; each = each.getCause()) {
            String line = each.toString();
            text.append(line, 0, Math.min(line.length(), 500)).append('\n');
        }
        return text.toString();
    }
}
