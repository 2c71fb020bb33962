//! `provision`: a second run changes nothing, a dry run neither, and tokens are stored.

use crate::common::mock_api::{MockServer, TOKEN};
use crate::common::temp_dir::TempDir;
use crate::run::{Run, at, command, run};
use influx_edge::Client;
use serde_json::Value;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

/// The resources that the example of the library provisioned.
const FILE: &str = r##"
org = "acme"
create_org = true

[[label]]
name = "provisioned"
properties = { color = "#3b82f6" }

[[bucket]]
name = "sensors"
retention = "30d"
labels = ["provisioned"]

[[bucket]]
name = "sensors-hourly"
retention = "365d"
labels = ["provisioned"]

[[token]]
name = "logger"
description = "the logger: writes sensors, and nothing else"
write = ["sensors"]

[[dbrp]]
database = "sensors-v1"
retention_policy = "autogen"
bucket = "sensors"
default = true

[[task]]
name = "sensors hourly"
every = "1h"
offset = "5m"
flux_file = "hourly.flux"
"##;
const FLUX: &str = "from(bucket: \"sensors\") |> range(start: -task.every) |> mean() |> to(bucket: \"sensors-hourly\")\n";

struct Place {
    dir: TempDir,
    server: MockServer,
}

impl Place {
    fn new(name: &str, file: &str) -> Place {
        let dir = TempDir::new(name);
        std::fs::write(dir.path().join("site.toml"), file).unwrap();
        std::fs::write(dir.path().join("hourly.flux"), FLUX).unwrap();
        std::fs::create_dir(dir.path().join("tokens")).unwrap();
        Place {
            dir,
            server: MockServer::start(),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// With the operator's token.
    fn run(&self, more: &[&str]) -> Run {
        let mut command = at(self.server.url(), ["provision"]);
        command
            .env("INFLUXDB_V2_TOKEN", TOKEN)
            .env_remove("INFLUXDB_V2_ORG");
        command.arg(self.path("site.toml")).args(more);
        self.checked(run(command, b""))
    }

    fn with_tokens(&self, more: &[&str]) -> Run {
        let dir = self.path("tokens");
        self.run(&[&["--token-dir", dir.to_str().unwrap()], more].concat())
    }

    fn checked(&self, run: Run) -> Run {
        let both = format!("{}{}", run.out, run.err);
        assert!(!both.contains(TOKEN), "{run:?}");
        run
    }

    fn client(&self) -> Client {
        Client::builder(self.server.url())
            .token(TOKEN)
            .build()
            .unwrap()
    }
}

fn counts(out: &str) -> [usize; 3] {
    ["created", "changed", "unchanged"].map(|word| {
        let of = |line: &&str| line.split_whitespace().next() == Some(word);
        out.lines().filter(of).count()
    })
}

#[test]
fn twice_is_once() {
    let place = Place::new("cli-provision", FILE);
    let before = place.server.everything();
    let plan = place.run(&["--dry-run"]);
    assert_eq!(plan.code, Some(0), "{plan:?}");
    assert_eq!(plan.out.matches("would be created").count(), 9, "{plan:?}");
    assert!(
        plan.err.contains("9 would be created, 0 changed"),
        "{plan:?}"
    );
    assert_eq!(place.server.everything(), before);

    let first = place.with_tokens(&[]);
    assert_eq!(first.code, Some(0), "{first:?}");
    assert_eq!(counts(&first.out), [9, 0, 0], "{first:?}");
    let file = place.path("tokens/logger");
    let token = std::fs::read_to_string(&file).unwrap();
    assert!(token.starts_with("mock-server-token-") && token.ends_with('\n'));
    assert!(!first.out.contains(token.trim()) && !first.err.contains(token.trim()));
    assert_eq!(
        std::fs::metadata(&file).unwrap().permissions().mode() & 0o777,
        0o600
    );
    assert_eq!(std::fs::read_dir(place.path("tokens")).unwrap().count(), 1);

    let client = place.client();
    let org = client
        .organizations()
        .find_by_name("acme")
        .unwrap()
        .unwrap();
    let bucket = client
        .buckets()
        .in_org(&org.id)
        .find_by_name("sensors")
        .unwrap()
        .unwrap();
    assert_eq!(bucket.retention().unwrap().as_secs(), 30 * 86_400);
    assert_eq!(bucket.labels[0].name, "provisioned");
    let tokens: Vec<_> = client
        .authorizations()
        .in_org(&org.id)
        .list()
        .map(Result::unwrap)
        .collect();
    let may = &tokens[0].permissions;
    assert_eq!((may.len(), may[0].action.as_str()), (1, "write"));
    assert_eq!(may[0].resource.id.as_deref(), Some(bucket.id.as_str()));
    assert_eq!(may[0].resource.org_id.as_ref(), Some(&org.id));

    let after = place.server.everything();
    for more in [&[][..], &["--dry-run"]] {
        let again = place.with_tokens(more);
        assert_eq!(again.code, Some(0), "{again:?}");
        assert_eq!(counts(&again.out), [0, 0, 9], "{again:?}");
        assert!(again.err.contains("nothing to change"), "{again:?}");
        assert_eq!(place.server.everything(), after);
    }
    let json = place.with_tokens(&["--json"]);
    let json: Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!(
        (&json["created"], &json["unchanged"]),
        (&0.into(), &9.into())
    );

    // Half of them are missing or different, and are repaired. They are removed by raw calls, by the ids of the
    // report.
    for item in json["items"].as_array().unwrap() {
        let path = match item["name"].as_str().unwrap() {
            "sensors hourly" => "/api/v2/tasks/",
            "sensors-hourly" => "/api/v2/buckets/",
            _ => continue,
        };
        let path = format!("{path}{}", item["id"].as_str().unwrap());
        let mut delete = at(place.server.url(), ["request", "DELETE", &path]);
        delete.env("INFLUXDB_V2_TOKEN", TOKEN);
        assert_eq!(run(delete, b"").code, Some(0));
    }
    let update = influx_edge::api::BucketUpdate::new().retention(influx_edge::api::days(1));
    client.buckets().update(&bucket.id, &update).unwrap();
    let plan = place.with_tokens(&["-n"]);
    assert!(
        plan.out.contains("would be changed  bucket sensors ("),
        "{plan:?}"
    );
    let third = place.with_tokens(&[]);
    assert_eq!(counts(&third.out), [3, 1, 5], "{third:?}");
}

#[test]
fn a_token_with_other_permissions_is_replaced() {
    let place = Place::new("cli-provision-token", FILE);
    assert_eq!(place.with_tokens(&[]).code, Some(0));
    let old = std::fs::read_to_string(place.path("tokens/logger")).unwrap();
    let more = FILE.replace(
        "write = [\"sensors\"]",
        "write = [\"sensors\"]\nread = [\"sensors\"]\npermissions = [\"read:tasks\"]",
    );
    std::fs::write(place.path("site.toml"), more).unwrap();
    let plan = place.with_tokens(&["--dry-run"]);
    assert!(
        plan.out.contains("would be changed  token logger"),
        "{plan:?}"
    );
    let changed = place.with_tokens(&[]);
    assert_eq!(counts(&changed.out), [0, 1, 8], "{changed:?}");
    assert_ne!(
        std::fs::read_to_string(place.path("tokens/logger")).unwrap(),
        old
    );
    assert_eq!(place.server.count("authorizations"), 1);
    // Its file is lost: no token is created for that, and the report notes it.
    std::fs::remove_file(place.path("tokens/logger")).unwrap();
    let lost = place.with_tokens(&[]);
    assert!(lost.out.contains("can't be read again"), "{lost:?}");

    let shown = Place::new("cli-provision-shown", FILE);
    let refused = shown.run(&[]);
    assert_eq!(refused.code, Some(64), "{refused:?}");
    assert_eq!(shown.server.count("orgs"), 0);
    let printed = shown.run(&["--show-tokens"]);
    assert!(
        printed.out.contains("token logger: mock-server-token-"),
        "{printed:?}"
    );
    // The file can't be created, so neither is the token.
    let nowhere = Place::new("cli-provision-nowhere", FILE);
    std::fs::create_dir(nowhere.path("tokens").join("logger.new")).unwrap();
    let failed = nowhere.with_tokens(&[]);
    assert_eq!(failed.code, Some(1), "{failed:?}");
    assert_eq!(nowhere.server.count("authorizations"), 0);
    // Changes made before are in the report.
    assert!(
        counts(&failed.out)[0] > 0 && failed.err.contains("created"),
        "{failed:?}"
    );
}

#[test]
fn a_new_server_is_set_up_and_another_signed_in_to() {
    let setup = "[setup]\nuser = \"admin\"\npassword_file = \"password\"\n";
    let file = FILE.replace("create_org = true", "") + setup;
    let place = Place::new("cli-provision-setup", &file);
    std::fs::write(place.path("password"), "long-enough\n").unwrap();
    let run_with = |more: &[&str]| {
        let mut run_it = command(["provision", "--url", place.server.url()]);
        run_it.arg(place.path("site.toml")).args(more);
        run_it.arg("--token-dir").arg(place.path("tokens"));
        let run = place.checked(run(run_it, b""));
        assert!(
            !run.out.contains("long-enough") && !run.err.contains("long-enough"),
            "{run:?}"
        );
        run
    };
    let plan = run_with(&["--dry-run"]);
    assert_eq!(plan.code, Some(0), "{plan:?}");
    assert_eq!(place.server.count("orgs"), 0);
    let first = run_with(&[]);
    assert_eq!(first.code, Some(0), "{first:?}");
    // The setup made the organization and the first bucket, with its retention.
    assert!(first.out.contains("created    setup admin"), "{first:?}");
    assert!(
        first.out.contains("unchanged  bucket sensors ("),
        "{first:?}"
    );
    assert_eq!(
        (place.server.count("orgs"), place.server.count("buckets")),
        (1, 2)
    );
    let again = run_with(&[]);
    assert_eq!(again.code, Some(0), "{again:?}");
    assert_eq!(counts(&again.out), [0, 0, 10], "{again:?}");
    std::fs::write(place.path("password"), "another-one\n").unwrap();
    let wrong = run_with(&[]);
    assert_eq!(wrong.code, Some(77), "{wrong:?}");

    // The operator's token is written to a file, and read from there.
    let file = file + "token_file = \"operator\"\n";
    let place = Place::new("cli-provision-operator", &file);
    std::fs::write(place.path("password"), "long-enough\n").unwrap();
    for outcome in ["created    setup", "unchanged  setup"] {
        let mut run_it = command(["provision", "--url", place.server.url()]);
        run_it
            .arg(place.path("site.toml"))
            .arg("--token-dir")
            .arg(place.path("tokens"));
        let run = place.checked(run(run_it, b""));
        assert_eq!(run.code, Some(0), "{run:?}");
        assert!(run.out.contains(outcome), "{run:?}");
        std::fs::write(place.path("password"), "forgotten\n").unwrap();
    }
    assert_eq!(
        std::fs::read_to_string(place.path("operator"))
            .unwrap()
            .trim(),
        TOKEN
    );
}

#[test]
fn the_directory_of_the_tokens_is_made_before_anything_else() {
    let place = Place::new("cli-provision-dir", FILE);
    let fresh = place.path("fresh");
    let below = fresh.join("below");
    let run = place.run(&["--token-dir", below.to_str().unwrap()]);
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(run.err.contains("below can't be created"), "{run:?}");
    assert_eq!(place.server.count("buckets"), 0, "nothing was sent");
    let dry = place.run(&["--token-dir", fresh.to_str().unwrap(), "--dry-run"]);
    assert_eq!(dry.code, Some(0), "{dry:?}");
    assert!(!fresh.exists());
    let run = place.run(&["--token-dir", fresh.to_str().unwrap()]);
    assert_eq!(run.code, Some(0), "{run:?}");
    #[cfg(unix)]
    {
        let mode = std::fs::metadata(&fresh).unwrap().permissions();
        let mode = std::os::unix::fs::PermissionsExt::mode(&mode);
        assert_eq!(mode & 0o777, 0o700);
    }
    assert!(std::fs::read_dir(&fresh).unwrap().next().is_some());
}

#[test]
fn no_organization_that_was_not_asked_for() {
    let file = FILE.replace("create_org = true", "");
    let place = Place::new("cli-provision-org", &file);
    let run = place.with_tokens(&[]);
    assert_eq!(run.code, Some(78), "{run:?}");
    assert!(run.err.contains("create_org = true"), "{run:?}");
    assert_eq!(place.server.count("orgs"), 0);
    let mut wrong = at(place.server.url(), ["provision", "--show-tokens"]);
    wrong
        .arg(place.path("site.toml"))
        .env("INFLUXDB_V2_TOKEN", "wrong");
    let wrong = crate::run::run(wrong, b"");
    assert_eq!(wrong.code, Some(77), "{wrong:?}");
}

#[test]
fn mistakes_in_the_file_are_found_before_anything_is_sent() {
    let task = "[[task]]\nname = \"t\"\n";
    for (file, text) in [
        ("org = \"acme", "line 1"),
        // `Run` checks that no secret is printed.
        (
            "org = \"acme\"\n[setup]\npassword = \"s3cret-t0ken-aAzZ09==\"",
            "password",
        ),
        (
            "org = \"acme\"\n[setup]\npassword = \"s3cret-t0ken-aAzZ09==",
            "line 3: ",
        ),
        ("organisation = \"acme\"", "organisation"),
        ("[[bucket]]\nretention = \"1h\"", "name"),
        (
            "[[bucket]]\nname = \"b\"\nretention = \"30\"",
            "\"30\": expected a time such as 30d",
        ),
        ("[[bucket]]\nname = \"b\"\nretention = 30", "line 3"),
        ("[[bucket]]\nname = \"b\"\nlabels = [\"x\"]", "no [[label]]"),
        (
            "[[bucket]]\nname = \"b\"\n[[bucket]]\nname = \"b\"",
            "defined twice",
        ),
        ("[[token]]\nname = \"../x\"\nread = [\"b\"]", "without /"),
        ("[[token]]\nname = \"t\"", "has no permissions"),
        (
            "[[token]]\nname = \"t\"\npermissions = [\"tasks\"]",
            "read:tasks",
        ),
        (
            "[[token]]\nname = \"t\"\nall_access = true\nread = [\"b\"]",
            "only one is allowed",
        ),
        (&format!("{task}flux = \"x\""), "every or cron"),
        (&format!("{task}every = \"1h\""), "flux or flux_file"),
        (
            &format!("{task}every = \"1h\"\nflux = \"x\"\nflux_file = \"y\""),
            "only one is allowed",
        ),
        (
            &format!("{task}every = \"1h\"\nflux_file = \"nothing\""),
            "nothing: ",
        ),
        ("create_org = true", "but org isn't"),
        (
            "[setup]\nuser = \"a\"\npassword_file = \"p\"",
            "[setup] needs org",
        ),
    ] {
        let place = Place::new("cli-provision-wrong", file);
        let run = place.with_tokens(&[]);
        assert!(matches!(run.code, Some(66 | 78)), "{file}: {run:?}");
        assert!(run.err.contains(text), "{file}: {run:?}");
        assert_eq!(place.server.count("buckets"), 0, "{file}");
    }
    let place = Place::new(
        "cli-provision-bucket",
        "org = \"acme\"\ncreate_org = true\n[[token]]\nname = \"t\"\nread = [\"nowhere\"]",
    );
    let run = place.with_tokens(&[]);
    assert_eq!(run.code, Some(78), "{run:?}");
    assert!(run.err.contains("no bucket \"nowhere\""), "{run:?}");
    assert_eq!(
        crate::run::run(command(["provision", "/nothing"]), b"").code,
        Some(66)
    );
}

/// The output of `--example` works unchanged.
#[test]
fn the_example_is_a_file() {
    let example = run(command(["provision", "--example"]), b"");
    assert_eq!(example.code, Some(0), "{example:?}");
    let place = Place::new("cli-provision-example", &example.out);
    std::fs::write(place.path("admin.password"), "long-enough").unwrap();
    for outcome in ["created", "unchanged"] {
        let mut run_it = command(["provision", "--url", place.server.url()]);
        run_it
            .arg(place.path("site.toml"))
            .arg("--token-dir")
            .arg(place.path("tokens"));
        let run = place.checked(run(run_it, b""));
        assert_eq!(run.code, Some(0), "{run:?}");
        assert!(run.out.contains(&format!("{outcome}  ")), "{run:?}");
        assert!(run.out.lines().count() > 10, "{run:?}");
        let [created, changed, _] = counts(&run.out);
        assert_eq!(created + changed == 0, outcome == "unchanged", "{run:?}");
    }
    for name in ["logger", "dashboard"] {
        assert!(place.path("tokens").join(name).exists());
    }
    let missing = run(command(["provision"]), b"");
    assert_eq!(missing.code, Some(64), "{missing:?}");
}
