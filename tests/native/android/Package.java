import com.android.apksig.ApkSigner;
import com.android.apksig.ApkVerifier;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.List;

/** `Package UNSIGNED SIGNED KEYSTORE PASSWORD` signs an app and prints the verifier's result. */
public final class Package {
    private static final int OLDEST = 26;

    public static void main(String[] arguments) throws Exception {
        var signed = new File(arguments[1]);
        var key = key(Path.of(arguments[2]), arguments[3].toCharArray());
        new ApkSigner.Builder(List.of(key))
                .setInputApk(new File(arguments[0]))
                .setOutputApk(signed)
                .setMinSdkVersion(OLDEST)
                .build()
                .sign();
        var result = new ApkVerifier.Builder(signed).setMinCheckedPlatformVersion(OLDEST).build().verify();
        System.out.println("verified " + result.isVerified());
        System.out.println("v2 " + result.isVerifiedUsingV2Scheme() + " v3 " + result.isVerifiedUsingV3Scheme());
        result.getErrors().forEach(System.out::println);
        result.getWarnings().forEach(System.out::println);
    }

    private static ApkSigner.SignerConfig key(Path file, char[] password) throws Exception {
        var store = KeyStore.getInstance("PKCS12");
        try (var in = Files.newInputStream(file)) {
            store.load(in, password);
        }
        var name = store.aliases().nextElement();
        var certificate = (X509Certificate) store.getCertificate(name);
        var key = (PrivateKey) store.getKey(name, password);
        return new ApkSigner.SignerConfig.Builder("sample", key, List.of(certificate)).build();
    }
}
