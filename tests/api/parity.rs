//! The page that says what each method of the Python client is called here names only what there
//! is: each name is called below, in code that is compiled and never run.

use std::collections::BTreeSet;

use influx_edge::api::*;
use influx_edge::client::{Client, ClientBuilder, DeletePoints, Query, Rows};
use influx_edge::{Error, Timestamp};

const PAGE: &str = include_str!("../../src/api/parity.rs");

/// Anything, for code that isn't run.
fn any<T>() -> T {
    panic!("this isn't run")
}

/// Names of methods, and calls of them for the compiler.
macro_rules! methods {
    ($($type:ident::$method:ident $(::<$of:ty>)? ($($argument:expr),*);)*) => {
        const NAMES: &[&str] = &[$(concat!(stringify!($type), "::", stringify!($method))),*];

        #[allow(dead_code, clippy::diverging_sub_expression, unreachable_code)]
        fn compiled() {
            $(let _ = $type::$method$(::<$of>)?($($argument),*);)*
        }
    };
}

methods! {
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
    Scripts::create(any(), any());
    Scripts::list(any());
    Scripts::find(any(), any());
    Scripts::update(any(), any(), any());
    Scripts::delete(any(), any());
    Invocation::call(any());
    Invocation::response(any());
    Buckets::create(any(), any());
    Buckets::update(any(), any(), any());
    Buckets::delete(any(), any());
    Buckets::find(any(), any());
    Buckets::find_by_name(any(), any());
    Buckets::list(any());
    Organizations::create(any(), any());
    Organizations::update(any(), any(), any());
    Organizations::delete(any(), any());
    Organizations::find(any(), any());
    Organizations::find_by_name(any(), any());
    Organizations::list(any());
    Users::create(any(), any());
    Users::update(any(), any(), any());
    Users::set_password(any(), any(), any());
    Users::change_my_password(any(), any(), any(), any());
    Users::delete(any(), any());
    Users::list(any());
    Users::find_by_name(any(), any());
    Users::find(any(), any());
    Authorizations::create(any(), any());
    Authorizations::find(any(), any());
    Authorizations::list(any());
    Authorizations::in_org(any(), any());
    Authorizations::update(any(), any(), any());
    Authorizations::duplicate(any(), any());
    Authorizations::delete(any(), any());
    NewTask::from_flux("");
    NewTask::every("", "", "");
    NewTask::cron("", "", "");
    Tasks::create(any(), any());
    Tasks::update(any(), any(), any());
    Tasks::duplicate(any(), any());
    Tasks::delete(any(), any());
    Tasks::find(any(), any());
    Tasks::find_by_name(any(), any());
    Tasks::list(any());
    Tasks::runs(any(), any());
    Tasks::logs(any(), any());
    Tasks::labels(any(), any());
    Tasks::members(any(), any());
    Tasks::owners(any(), any());
    Runs::list(any());
    Runs::find(any(), any());
    Runs::start(any());
    Runs::start_for(any(), any::<Timestamp>());
    Runs::retry(any(), any());
    Runs::cancel(any(), any());
    Runs::logs(any(), any());
    AttachedLabels::list(any());
    AttachedLabels::add(any(), any());
    AttachedLabels::remove(any(), any());
    Members::list(any());
    Members::add(any(), any());
    Members::remove(any(), any());
    Labels::create(any(), any());
    Labels::update(any(), any(), any());
    Labels::delete(any(), any());
    Labels::duplicate(any(), any(), "");
    Labels::list(any());
    Labels::in_org(any(), any());
    Labels::find(any(), any());
    Error::status(any());
    Error::message(any());
    Error::retry_after(any());
    Error::is_not_found(any());
    Error::is_conflict(any());
    Error::is_forbidden(any());
}

#[test]
fn the_page_names_what_is_compiled_here_and_nothing_else() {
    let named: BTreeSet<&str> = PAGE
        .lines()
        .filter(|line| line.starts_with("//!"))
        .flat_map(|line| line.split('`').skip(1).step_by(2))
        .filter(|code| code.contains("::"))
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
