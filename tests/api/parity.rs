//! The page that says what each method of the Python client is called here names only what there
//! is: each name is called below, in code that is compiled and never run.

use std::collections::BTreeSet;

use influx_edge::api::{Attached, Label, NewTask};
use influx_edge::client::{Client, ClientBuilder, DeletePoints, Query, Rows};
use influx_edge::{Error, Timestamp};

const PAGE: &str = include_str!("../../src/api/parity.rs");

/// Anything, for code that isn't run.
fn any<T>() -> T {
    panic!("this isn't run")
}

fn client() -> &'static Client {
    any()
}

/// Names of methods, and calls of them for the compiler: of types, and of handles of resources.
macro_rules! methods {
    (
        types { $($type:ident::$method:ident $(::<$of:ty>)? ($($argument:expr),*);)* }
        $(resources $resource:ident = $handle:expr => { $($verb:ident ($($given:expr),*);)* })*
    ) => {
        const NAMES: &[&str] = &[
            $(concat!(stringify!($type), "::", stringify!($method)),)*
            $($(concat!(stringify!($resource), "().", stringify!($verb)),)*)*
        ];

        #[allow(dead_code, clippy::diverging_sub_expression, unreachable_code)]
        fn compiled() {
            $(let _ = $type::$method$(::<$of>)?($($argument),*);)*
            $($(let _ = $handle.$verb($($given),*);)*)*
        }
    };
}

methods! {
    types {
        Client::builder("");
        ClientBuilder::build(any());
        ClientBuilder::gzip_min_bytes(any(), any());
        ClientBuilder::default_tag(any(), "", "");
        ClientBuilder::danger_accept_any_certificate(any(), any());
        ClientBuilder::ca_file(any(), "");
        ClientBuilder::client_certificate(any(), "", "");
        ClientBuilder::proxy(any(), "");
        ClientBuilder::proxy_header(any(), "", "");
        ClientBuilder::pool_size(any(), any());
        ClientBuilder::retry(any(), any());
        ClientBuilder::basic(any(), "", "");
        ClientBuilder::session(any(), "", "");
        ClientBuilder::from_config_file("");
        Client::from_env();
        ClientBuilder::from_variables(any::<Vec<(String, String)>>());
        Client::write(any(), any(), "");
        Client::write_each(any(), any(), any::<Vec<influx_edge::line::Point>>());
        Client::writer(any(), "");
        Client::query(any(), "");
        Client::delete_points(any(), "", any(), any());
        Client::buckets(any());
        Client::organizations(any());
        Client::users(any());
        Client::authorizations(any());
        Client::tasks(any());
        Client::labels(any());
        Client::scripts(any());
        Client::health(any());
        Client::ready(any());
        Client::ping(any());
        Client::version(any());
        Client::request(any(), any(), "");
        Client::sign_out(any());
        Client::me(any());
        Query::call(any());
        Query::write_to(any(), any());
        Query::deserialize::<()>(any());
        Query::param(any(), any(), 1);
        Query::dialect(any(), any());
        Query::profiler(any(), any());
        Rows::profile(any());
        DeletePoints::predicate(any(), "");
        DeletePoints::call(any());
        NewTask::from_flux("");
        NewTask::every("", "", "");
        NewTask::cron("", "", "");
        Attached::list(&any::<Attached<Label>>());
        Attached::add(&any::<Attached<Label>>(), any());
        Attached::remove(&any::<Attached<Label>>(), any());
        Error::status(any());
        Error::message(any());
        Error::retry_after(any());
        Error::is_not_found(any());
        Error::is_conflict(any());
        Error::is_forbidden(any());
    }
    resources scripts = client().scripts() => {
        create(any());
        list();
        find(any());
        update(any(), any());
        delete(any());
        invoke(any(), &());
    }
    resources buckets = client().buckets() => {
        create(any());
        update(any(), any());
        delete(any());
        find(any());
        find_by_name(any());
        list();
    }
    resources organizations = client().organizations() => {
        create(any());
        update(any(), any());
        delete(any());
        find(any());
        find_by_name(any());
        list();
    }
    resources users = client().users() => {
        create(any());
        update(any(), any());
        set_password(any(), any());
        change_my_password(any(), any(), any());
        delete(any());
        list();
        find_by_name(any());
        find(any());
    }
    resources authorizations = client().authorizations() => {
        create(any());
        find(any());
        list();
        in_org(any());
        update(any(), any());
        duplicate(any());
        delete(any());
    }
    resources tasks = client().tasks() => {
        create(any());
        update(any(), any());
        duplicate(any());
        delete(any());
        find(any());
        find_by_name(any());
        list();
        runs(any());
        logs(any());
        labels(any());
        members(any());
        owners(any());
    }
    resources runs = client().tasks().runs(any()) => {
        list();
        find(any());
        start();
        start_for(any::<Timestamp>());
        retry(any());
        cancel(any());
        logs(any());
    }
    resources labels = client().labels() => {
        create(any());
        update(any(), any());
        delete(any());
        duplicate(any(), "");
        list();
        in_org(any());
        find(any());
    }
}

#[test]
fn the_page_names_what_is_compiled_here_and_nothing_else() {
    let named: BTreeSet<&str> = PAGE
        .lines()
        .filter(|line| line.starts_with("//!"))
        .flat_map(|line| line.split('`').skip(1).step_by(2))
        .filter(|code| code.contains("::") || code.contains("()."))
        .collect();
    let compiled: BTreeSet<&str> = NAMES.iter().copied().collect();
    let missing: Vec<_> = named.difference(&compiled).collect();
    let unnamed: Vec<_> = compiled.difference(&named).collect();
    assert!(missing.is_empty(), "named but not compiled: {missing:?}");
    assert!(unnamed.is_empty(), "compiled but not named: {unnamed:?}");
}

#[test]
fn every_row_has_a_counterpart() {
    let rows = PAGE.lines().filter(|line| line.starts_with("//! | "));
    let mut count = 0;
    for row in rows {
        let cells: Vec<_> = row.trim_start_matches("//! ").split('|').collect();
        assert_eq!(cells.len(), 4, "{row}");
        assert!(cells[2].trim().len() > 3, "{row}");
        count += 1;
    }
    assert!(count > 90, "{count} rows");
}
