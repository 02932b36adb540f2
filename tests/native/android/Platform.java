import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;
import org.objectweb.asm.AnnotationVisitor;
import org.objectweb.asm.ClassReader;
import org.objectweb.asm.ClassVisitor;
import org.objectweb.asm.ClassWriter;
import org.objectweb.asm.FieldVisitor;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Opcodes;
import org.objectweb.asm.Type;

/**
 * Writes an SDK platform that holds the public API alone: `Platform API FRAMEWORK LEVEL FOLDER` makes
 * `platforms/android-LEVEL` in the folder, with `android.jar` (methods without bodies) and Lint's
 * `api-versions.xml`. API is a list of members as `public_api.py` has it, FRAMEWORK the whole
 * framework's jar of that level.
 */
public final class Platform {
    private static final int VISIBLE = Opcodes.ACC_PUBLIC | Opcodes.ACC_PROTECTED;

    private record Method(List<String> kinds, int since) {}

    private static final class Known {
        int since;
        final Map<String, Integer> fields = new HashMap<>();
        final Map<String, List<Method>> methods = new HashMap<>();
    }

    private final Map<String, Known> api = new HashMap<>();
    private final Map<String, ClassReader> classes = new TreeMap<>();
    private final ZipFile framework;

    private Platform(Path list, Path jar, int level) throws IOException {
        for (String line : Files.readAllLines(list)) read(line.split("\t", -1), level);
        api.values().removeIf(known -> known.since == 0);
        framework = new ZipFile(jar.toFile());
        for (ZipEntry entry : framework.stream().toList()) {
            if (!entry.getName().endsWith(".class")) continue;
            var name = entry.getName().substring(0, entry.getName().length() - 6);
            if (!api.containsKey(dotted(name)) || isJava(name)) continue;
            var reader = new ClassReader(framework.getInputStream(entry).readAllBytes());
            if ((reader.getAccess() & VISIBLE) != 0) classes.put(name, reader);
        }
    }

    public static void main(String[] arguments) throws IOException {
        int level = Integer.parseInt(arguments[2]);
        var platform = new Platform(Path.of(arguments[0]), Path.of(arguments[1]), level);
        var folder = Path.of(arguments[3], "platforms", "android-" + level);
        Files.createDirectories(folder.resolve("data"));
        platform.writeClasses(folder.resolve("android.jar"));
        platform.writeLevels(folder.resolve("data/api-versions.xml"));
        Files.writeString(folder.resolve("source.properties"),
                "Pkg.Desc=Android SDK Platform %1$d\nPkg.Revision=1\nAndroidVersion.ApiLevel=%1$d\n".formatted(level)
                        + "AndroidVersion.IsBaseSdk=true\nLayoutlib.Api=15\nLayoutlib.Revision=1\n"
                        + "Platform.Version=%1$d\n".formatted(level));
        Files.writeString(folder.resolve("build.prop"), 
                "ro.build.version.sdk=%1$d\nro.build.version.codename=REL\nro.build.version.release=%1$d\n"
                        .formatted(level));
    }

    private void read(String[] row, int level) {
        int since = Integer.parseInt(row[row.length - 1]);
        if (since > level) return;
        var known = api.computeIfAbsent(row[1], name -> new Known());
        switch (row[0]) {
            case "C" -> known.since = since;
            case "F" -> known.fields.put(row[2], since);
            default -> known.methods.computeIfAbsent(row[2], name -> new ArrayList<>())
                    .add(new Method(row[3].isEmpty() ? List.of() : List.of(row[3].split(";")), since));
        }
    }

    private static String dotted(String internal) {
        return internal.replace('/', '.').replace('$', '.');
    }

    /** Nested classes begin with a capital after another capital's. */
    private static String internal(String dotted) {
        int first = 0;
        while (first < dotted.length() && !Character.isUpperCase(dotted.charAt(first))) first++;
        return dotted.substring(0, first).replace('.', '/') + dotted.substring(first).replace('.', '$');
    }

    private static boolean isJava(String internal) {
        return internal.startsWith("java/") || internal.startsWith("javax/");
    }

    private boolean isPublic(String internal) {
        return isJava(internal) || classes.containsKey(internal);
    }

    /** The level of a method, or 0 where it is hidden. */
    private static int levelOf(Known known, String name, String descriptor) {
        var kinds = Arrays.stream(Type.getArgumentTypes(descriptor)).map(Platform::kindOf).toList();
        return known.methods.getOrDefault(name, List.of()).stream()
                .filter(method -> fits(method.kinds, kinds)).mapToInt(Method::since).min().orElse(0);
    }

    private static boolean fits(List<String> declared, List<String> found) {
        if (declared.size() != found.size()) return false;
        for (int i = 0; i < found.size(); i++) {
            String wanted = declared.get(i);
            String kind = found.get(i);
            boolean text = kind.equals("java.lang.CharSequence") && wanted.equals("s");
            // A type variable is declared as what binds it, and found as its erasure.
            boolean erased = wanted.equals("*") || kind.equals("java.lang.Object");
            if (!wanted.equals(kind) && !text && !erased) return false;
        }
        return true;
    }

    private static String kindOf(Type type) {
        return switch (type.getSort()) {
            case Type.BOOLEAN -> "z";
            case Type.CHAR -> "s";
            case Type.ARRAY -> "a";
            case Type.OBJECT -> type.getClassName().equals("java.lang.String")
                    ? "s" : type.getClassName().replace('$', '.');
            default -> "n";
        };
    }

    private String[] interfacesOf(ClassReader reader) {
        return Stream.of(reader.getInterfaces()).filter(this::isPublic).toArray(String[]::new);
    }

    private String superOf(ClassReader reader) throws IOException {
        String name = reader.getSuperName();
        while (!isPublic(name)) {
            var hidden = framework.getEntry(name + ".class");
            if (hidden == null) return "java/lang/Object";
            name = new ClassReader(framework.getInputStream(hidden).readAllBytes()).getSuperName();
        }
        return name;
    }

    private void writeClasses(Path jar) throws IOException {
        try (var out = new ZipOutputStream(Files.newOutputStream(jar))) {
            for (var entry : classes.entrySet()) {
                out.putNextEntry(new ZipEntry(entry.getKey() + ".class"));
                out.write(stub(entry.getKey(), entry.getValue()));
                out.closeEntry();
            }
            for (String name : List.of("AndroidManifest.xml", "resources.arsc")) {
                out.putNextEntry(new ZipEntry(name));
                framework.getInputStream(framework.getEntry(name)).transferTo(out);
                out.closeEntry();
            }
        }
    }

    private byte[] stub(String name, ClassReader reader) throws IOException {
        var writer = new ClassWriter(0);
        String parent = superOf(reader);
        String[] interfaces = interfacesOf(reader);
        reader.accept(new Stub(writer, api.get(dotted(name)), parent, interfaces),
                ClassReader.SKIP_CODE | ClassReader.SKIP_DEBUG);
        return writer.toByteArray();
    }

    /** A class without its hidden members, and without bodies. */
    private final class Stub extends ClassVisitor {
        private final Known known;
        private final String parent;
        private final String[] interfaces;

        Stub(ClassWriter writer, Known known, String parent, String[] interfaces) {
            super(Opcodes.ASM9, writer);
            this.known = known;
            this.parent = parent;
            this.interfaces = interfaces;
        }

        @Override
        public void visit(int version, int access, String name, String signature, String superName, String[] all) {
            boolean same = parent.equals(superName) && Arrays.equals(interfaces, all);
            super.visit(Opcodes.V1_8, access, name, same ? signature : null, parent, interfaces);
        }

        @Override
        public AnnotationVisitor visitAnnotation(String type, boolean visible) {
            return null;
        }

        @Override
        public void visitNestHost(String host) {}

        @Override
        public void visitNestMember(String member) {}

        @Override
        public void visitPermittedSubclass(String subclass) {}

        @Override
        public void visitInnerClass(String name, String outer, String inner, int access) {
            if (isPublic(name)) super.visitInnerClass(name, outer, inner, access);
        }

        @Override
        public FieldVisitor visitField(int access, String name, String type, String signature, Object value) {
            boolean hidden = (access & VISIBLE) == 0 || !known.fields.containsKey(name);
            if (!hidden) super.visitField(access, name, type, signature, value).visitEnd();
            return null;
        }

        @Override
        public MethodVisitor visitMethod(int access, String name, String type, String signature, String[] thrown) {
            if ((access & VISIBLE) == 0 || levelOf(known, name, type) == 0) return null;
            int plain = access & ~(Opcodes.ACC_NATIVE | Opcodes.ACC_SYNCHRONIZED);
            var method = super.visitMethod(plain, name, type, signature, thrown);
            return new Body(method, (access & Opcodes.ACC_ABSTRACT) != 0);
        }
    }

    /** A method's annotations, which carry what may be null, and a body that only throws. */
    private static final class Body extends MethodVisitor {
        private final MethodVisitor method;
        private final boolean isAbstract;

        Body(MethodVisitor method, boolean isAbstract) {
            super(Opcodes.ASM9);
            this.method = method;
            this.isAbstract = isAbstract;
        }

        @Override
        public AnnotationVisitor visitAnnotation(String type, boolean visible) {
            return saysWhatMayBeNull(type) ? method.visitAnnotation(type, visible) : null;
        }

        private static boolean saysWhatMayBeNull(String type) {
            return type.endsWith("/NonNull;") || type.endsWith("/Nullable;");
        }

        @Override
        public AnnotationVisitor visitAnnotationDefault() {
            return method.visitAnnotationDefault();
        }

        @Override
        public void visitAnnotableParameterCount(int count, boolean visible) {
            method.visitAnnotableParameterCount(count, visible);
        }

        @Override
        public AnnotationVisitor visitParameterAnnotation(int parameter, String type, boolean visible) {
            return saysWhatMayBeNull(type) ? method.visitParameterAnnotation(parameter, type, visible) : null;
        }

        @Override
        public void visitEnd() {
            if (!isAbstract) {
                method.visitCode();
                method.visitInsn(Opcodes.ACONST_NULL);
                method.visitInsn(Opcodes.ATHROW);
                method.visitMaxs(1, 64);
            }
            method.visitEnd();
        }
    }

    private void writeLevels(Path file) throws IOException {
        try (var out = new PrintWriter(Files.newBufferedWriter(file))) {
            out.println("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<api version=\"3\">");
            for (var entry : classes.entrySet()) writeClass(out, entry.getKey(), entry.getValue());
            // Lint follows every line of parents to its end; Java's own members are not asked for.
            for (var entry : new TreeMap<>(api).entrySet()) {
                if (!entry.getKey().startsWith("java")) continue;
                out.printf("<class name=\"%s\" since=\"%d\"/>%n", internal(entry.getKey()), entry.getValue().since);
            }
            out.println("</api>");
        }
    }

    private void writeClass(PrintWriter out, String name, ClassReader reader) throws IOException {
        var known = api.get(dotted(name));
        out.printf("<class name=\"%s\" since=\"%d\">%n", name, known.since);
        String parent = superOf(reader);
        out.printf("<extends name=\"%s\"/>%n", isJava(parent) ? "java/lang/Object" : parent);
        for (String one : interfacesOf(reader)) if (!isJava(one)) out.printf("<implements name=\"%s\"/>%n", one);
        reader.accept(new ClassVisitor(Opcodes.ASM9) {
            @Override
            public FieldVisitor visitField(int access, String field, String type, String signature, Object value) {
                Integer since = known.fields.get(field);
                if (since != null) out.printf("<field name=\"%s\" since=\"%d\"/>%n", field, Math.max(since, known.since));
                return null;
            }

            @Override
            public MethodVisitor visitMethod(int access, String method, String type, String signature, String[] thrown) {
                int since = levelOf(known, method, type);
                if (since == 0 || (access & Opcodes.ACC_SYNTHETIC) != 0) return null;
                String escaped = method.replace("<", "&lt;").replace(">", "&gt;");
                out.printf("<method name=\"%s%s\" since=\"%d\"/>%n", escaped, type, Math.max(since, known.since));
                return null;
            }
        }, ClassReader.SKIP_CODE | ClassReader.SKIP_DEBUG);
        out.println("</class>");
    }
}
