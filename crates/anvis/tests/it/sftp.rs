//! Letters handed to a server, which is the real one of OpenSSH on a port of this machine.

use crate::support::*;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

const SSHD: &str = "/usr/sbin/sshd";

/// A server that lets in whoever has the key `own`; its own key is in `known`.
struct Server {
    process: Child,
    port: u16,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn said_by(program: &str, args: &[&str]) -> String {
    let output = Command::new(program).args(args).output().unwrap_or_else(|error| panic!("{program}: {error}"));
    assert!(output.status.success(), "{program} {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

impl Server {
    /// Starts it, with the keys of a former one if there was one.
    fn start(world: &World, port: Option<u16>) -> Self {
        let port = port.unwrap_or_else(|| TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port());
        for key in ["host", "own"] {
            if !world.path(key).exists() {
                said_by("ssh-keygen", &["-q", "-t", "ed25519", "-N", "", "-f", world.path(key).to_str().unwrap()]);
            }
        }
        world.write("known", format!("[127.0.0.1]:{port} {}", world.read("host.pub")));
        let path = |name: &str| world.path(name).display().to_string();
        let (host, allowed) = (path("host"), path("own.pub"));
        let settings = format!(
            "ListenAddress 127.0.0.1:{port}\nHostKey {host}\nAuthorizedKeysFile {allowed}\nStrictModes no\nPidFile none\n\
             UsePAM no\nPasswordAuthentication no\nPermitRootLogin prohibit-password\nSubsystem sftp internal-sftp\n"
        );
        world.write("sshd.conf", settings);
        if said_by("id", &["-u"]) == "0" {
            // Where it confines what it does for whoever is not logged in yet.
            std::fs::create_dir_all("/run/sshd").unwrap();
        }
        let mut command = Command::new(SSHD);
        command.args(["-D", "-e", "-f"]).arg(world.path("sshd.conf")).stderr(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let mut log = BufReader::new(process.stderr.take().unwrap());
        let mut line = String::new();
        while !line.contains("Server listening") {
            line.clear();
            assert!(log.read_line(&mut line).unwrap() > 0, "sshd did not start");
        }
        // What it goes on to say is read, so that it never waits for that.
        std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
        Self { process, port }
    }
}

#[test]
fn letters_are_handed_to_a_server() {
    if !Path::new(SSHD).exists() {
        let is_left_out = std::env::var_os("ANVIS_WITHOUT_SSHD").is_some_and(|value| !value.is_empty());
        assert!(
            is_left_out,
            "{SSHD} is missing: install openssh-server, or set ANVIS_WITHOUT_SSHD=1 to leave this out"
        );
        return;
    }
    let world = World::guarded();
    let server = Server::start(&world, None);
    std::fs::create_dir(world.path("in")).unwrap();
    let to = format!("sftp://{}@127.0.0.1:{}{}/in", said_by("id", &["-un"]), server.port, world.path("").display());
    let to = to.replace("//in", "/in");
    let print = |more: &str| {
        world.run(&format!("letters print --to {to} --spool spool --ssh-key own --known-hosts known {more}"))
    };
    let alice = format!("{}01", world.propose_own(ALICE, "1020-2", ALICE_ACCOUNT));
    let dora = format!("{}01", world.propose_own(DORA, "1020-3", "none"));
    let printed = print("").done();
    assert_eq!((&printed["handed_over"], printed["letters"].as_array().unwrap().len()), (&1.into(), 2), "{printed}");
    let manifest = printed["manifest"].as_str().unwrap();
    let mut expected = vec![
        format!("in/{manifest}"),
        format!("in/{alice}.pdf"),
        format!("in/protected/{dora}-cover.pdf"),
        format!("in/protected/{dora}.pdf"),
    ];
    expected.sort();
    assert_eq!(world.files("in"), expected);
    let mode = |name: &str| std::fs::metadata(world.path(name)).unwrap().permissions().mode() & 0o777;
    assert!(expected.iter().all(|name| mode(name) == 0o600) && mode("in/protected") == 0o700);
    assert_eq!(world.files("spool"), [""; 0], "what was handed over does not stay");
    let code = world.code(&format!("in/{alice}.pdf"));
    world.run(&format!("designation activate {alice} {code} --as citizen:cpr:{ALICE}")).done();
    assert_eq!(print("").done()["handed_over"], 0);

    // A server that is not known gets nothing. What was made waits, and so it does while the server is gone.
    let gerd = format!("{}01", world.propose_own(GERD, "1020-4", GERD_IBAN));
    let known = world.read("known");
    world.write("known", "");
    print("").refused("letter.sftp");
    world.write("known", known);
    let port = server.port;
    drop(server);
    print("").refused("letter.sftp");
    assert_eq!(world.files("in"), expected);
    assert!(world.files("spool").contains(&format!("spool/{gerd}.pdf")));
    let _server = Server::start(&world, Some(port));
    let printed = print("").done();
    assert_eq!((&printed["handed_over"], &printed["letters"]), (&1.into(), &serde_json::json!([])), "{printed}");
    assert!(world.files("in").contains(&format!("in/{gerd}.pdf")));
    assert_eq!(world.files("spool"), [""; 0]);
    // A folder that the server does not have.
    world.run(&format!("letters print --to {to}/none --spool spool --ssh-key own --known-hosts known")).done();
    let hans = world.propose_own(HANS, "0041-2", "1020-4811223344");
    let elsewhere = format!("letters print --to {to}/none --spool spool --ssh-key own --known-hosts known");
    world.run(&elsewhere).refused("letter.sftp");
    assert_eq!(print("").done()["handed_over"], 1);
    assert!(world.files("in").contains(&format!("in/{hans}01.pdf")));
    // A run that lacks a file keeps no later one back, and a name that no run has made is nobody's to be told.
    world.write(&format!("spool/0-{manifest}"), world.read(&format!("in/{manifest}")));
    let foreign = "spool/1\n!touch touched\n-manifest.csv";
    let head = world.read(&format!("in/{manifest}")).lines().next().unwrap().to_owned();
    world.write(foreign, format!("{head}\n"));
    world.write("spool/1", "");
    let bent = world.propose_own(BENT, "0041-3", "5000-12");
    print("").refused("letter.sftp");
    assert!(world.files("in").contains(&format!("in/{bent}01.pdf")));
    assert_eq!(world.files("spool"), [&*format!("spool/0-{manifest}"), "spool/1", foreign]);
    for wrong in ["sftp://127.0.0.1/in", "sftp://a@-b/in", "sftp://a@b", "sftp://-oA@b/in"] {
        world.run(&format!("letters print --to {wrong}")).ended(2);
    }
    world.verified();
}
