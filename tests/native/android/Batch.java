import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.jetbrains.kotlin.cli.common.ExitCode;
import org.jetbrains.kotlin.cli.jvm.K2JVMCompiler;

/**
 * One Kotlin compiler for a whole test session: a line on stdin is a call, its arguments between
 * tabs; the answer is the exit code, the number of lines of messages, and those lines.
 */
public final class Batch {
    public static void main(String[] arguments) throws IOException {
        var calls = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        var answers = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        for (String call; (call = calls.readLine()) != null; ) {
            var text = new ByteArrayOutputStream();
            var messages = new PrintStream(text, true, StandardCharsets.UTF_8);
            ExitCode code = new K2JVMCompiler().exec(messages, call.split("\t"));
            var lines = text.toString(StandardCharsets.UTF_8).lines().toList();
            answers.println(code + " " + lines.size());
            lines.forEach(answers::println);
        }
    }
}
