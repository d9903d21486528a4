//! The JVM's trust store loads in a JVM.

use std::path::Path;
use std::process::{Command, Stdio};

use samewire::launch::{Loopback, Trust, Way, environment};

const PROGRAM: &str = r#"
import java.security.KeyStore;
import javax.net.ssl.*;

public class Trusted {
    public static void main(String[] args) throws Exception {
        TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init((KeyStore) null);
        for (var issuer : ((X509TrustManager) factory.getTrustManagers()[0]).getAcceptedIssuers())
            if (issuer.getSubjectX500Principal().getName().contains("Trust Test")) System.out.println("trusted");
        System.out.println(java.net.ProxySelector.getDefault().select(java.net.URI.create("https://127.0.0.1/")));
    }
}
"#;

fn there(program: &str) -> bool {
    Command::new(program).arg("-help").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
}

fn trust(folder: &Path) -> Trust {
    let mut parameters = rcgen::CertificateParams::new(Vec::new()).unwrap();
    parameters.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    parameters.distinguished_name.push(rcgen::DnType::CommonName, "Trust Test");
    let ca = parameters.self_signed(&rcgen::KeyPair::generate().unwrap()).unwrap();
    Trust::prepare(&ca.pem(), folder, |_| None).unwrap()
}

#[test]
fn keytool_lists_every_certificate_of_the_bundle() {
    if !there("keytool") {
        println!("skipped: keytool is not there");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let trust = trust(folder.path());
    let output = Command::new("keytool")
        .args(["-list", "-storepass", Trust::JAVA_PASSWORD, "-keystore"])
        .arg(trust.files().java_store())
        .output()
        .unwrap();
    let listed = String::from_utf8(output.stdout).unwrap();
    let bundle = std::fs::read_to_string(trust.files().bundle()).unwrap();
    assert!(output.status.success(), "{listed}");
    assert_eq!(listed.matches("trustedCertEntry").count(), bundle.matches("BEGIN CERTIFICATE").count());
}

#[test]
fn a_jvm_trusts_the_ca_and_uses_the_proxy() {
    if !there("java") {
        println!("skipped: java is not there");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let trust = trust(folder.path());
    let program = folder.path().join("Trusted.java");
    std::fs::write(&program, PROGRAM).unwrap();
    let way = Way { proxy: "http://127.0.0.1:4711", loopback: Loopback::Shared };
    let environment = environment(&way, trust.files(), |_| None);
    let output = Command::new("java").arg(program).envs(environment.set).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.starts_with("trusted\n"), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains(":4711]"), "{said}");
}
