//! Sessions, users and tokens.

use super::{Case, case, id};
use crate::common::api::{documented, recorded};
use influx_edge::api::*;

const ANA: &str = "11ac5699ad141000";
const AUTH: &str = "11ac5699cf141000";

pub(crate) fn cases() -> Vec<Case> {
    [sessions(), users(), authorizations()]
        .into_iter()
        .flatten()
        .collect()
}

fn sessions() -> Vec<Case> {
    vec![
        case(
            "POST /api/v2/signin",
            [recorded("auth/signin"), recorded("auth/me-cookie")],
            |c| {
                c.sign_in().unwrap();
                assert_eq!(c.me().unwrap().name, "admin");
            },
        )
        .with(|b| b.session("admin", "correct horse")),
        case(
            "POST /api/v2/signout",
            [recorded("auth/signin"), recorded("auth/signout")],
            |c| {
                c.sign_in().unwrap();
                c.sign_out().unwrap();
            },
        )
        .with(|b| b.session("admin", "correct horse")),
        case("GET /api/v2/me", [recorded("auth/me-token")], |c| {
            assert_eq!(c.me().unwrap().id.as_str(), "11ac569931941000");
        }),
        case(
            "PUT /api/v2/me/password",
            // With the session and the old password; recorded with both.
            [
                recorded("auth/signin"),
                recorded("auth/me-password"),
                recorded("auth/signout"),
            ],
            |c| {
                let users = c.users();
                users
                    .change_my_password("admin", "correct horse", "correct horse 2")
                    .unwrap();
            },
        ),
        case(
            "PUT /api/v2/users/{userID}/password",
            [
                recorded("auth/signin"),
                documented(
                    "PUT",
                    "/api/v2/users/11ac569931941000/password",
                    r#"{"password":"correct horse 2"}"#,
                    204,
                    "",
                ),
                recorded("auth/signout"),
            ],
            |c| {
                let (users, admin) = (c.users(), id("11ac569931941000"));
                users
                    .change_password(&admin, "admin", "correct horse", "correct horse 2")
                    .unwrap();
            },
        ),
        case(
            "PUT /api/v2/me/password",
            [
                recorded("auth/signin"),
                recorded("auth/me-password-wrong-old"),
                recorded("auth/signout"),
            ],
            |c| {
                let error = c
                    .users()
                    .change_my_password("admin", "correct horse", "correct horse 3")
                    .unwrap_err();
                assert!(error.is_forbidden());
            },
        ),
    ]
}

fn users() -> Vec<Case> {
    vec![
        case(
            "GET /api/v2/users",
            // A server that knows no paging gives the same again.
            [
                recorded("users/list").also(&[("limit", "100"), ("offset", "0")]),
                recorded("users/list").also(&[("limit", "100"), ("offset", "100")]),
            ],
            |c| {
                let all: Vec<_> = c.users().list().map(Result::unwrap).collect();
                assert_eq!(all.len(), 2);
                assert_eq!(all[1].name, "ana");
            },
        ),
        case(
            "GET /api/v2/users",
            [recorded("users/find-by-name"), recorded("users/find-miss")],
            |c| {
                let ana = c.users().find_by_name("ana").unwrap().unwrap();
                assert_eq!(ana.status, Some(Status::Active));
                assert_eq!(c.users().find_by_name("nobody").unwrap(), None);
            },
        ),
        case("POST /api/v2/users", [recorded("users/create")], |c| {
            assert_eq!(
                c.users().create(&NewUser::new("ana")).unwrap().id.as_str(),
                ANA
            );
        }),
        case(
            "POST /api/v2/users",
            [recorded("users/create-duplicate")],
            |c| {
                assert!(
                    c.users()
                        .create(&NewUser::new("ana"))
                        .unwrap_err()
                        .is_conflict()
                );
            },
        ),
        case("GET /api/v2/users/{userID}", [recorded("users/get")], |c| {
            assert_eq!(c.users().find(&id(ANA)).unwrap().unwrap().name, "ana");
        }),
        case(
            "GET /api/v2/users/{userID}",
            [recorded("users/get-unknown")],
            |c| {
                assert_eq!(c.users().find(&id("00000000000000aa")).unwrap(), None);
            },
        ),
        case(
            "PATCH /api/v2/users/{userID}",
            [recorded("users/update")],
            |c| {
                let update = UserUpdate::new().name("ana-maria").status(Status::Inactive);
                let now = c.users().update(&id(ANA), &update).unwrap();
                assert_eq!(now.status, Some(Status::Inactive));
            },
        ),
        case(
            "DELETE /api/v2/users/{userID}",
            [recorded("users/delete")],
            |c| {
                c.users().delete(&id(ANA)).unwrap();
            },
        ),
        case(
            "POST /api/v2/users/{userID}/password",
            [recorded("users/password")],
            |c| {
                c.users()
                    .set_password(&id(ANA), "another password")
                    .unwrap();
            },
        ),
    ]
}

fn authorizations() -> Vec<Case> {
    vec![
        case("GET /api/v2/authorizations", [recorded("authorizations/list")], |c| {
            let all: Vec<_> = c.authorizations().list().map(Result::unwrap).collect();
            assert_eq!(all[0].user.as_deref(), Some("admin"));
            assert!(all[0].permissions.len() > 40);
            // A listed token is no token.
            assert!(all.iter().all(|a| a.reveal_token().is_none()));
        }),
        case("GET /api/v2/authorizations", [recorded("authorizations/list-user")], |c| {
            assert!(c.authorizations().list().of_user_named("admin").count() > 0);
        })
        .with(|b| b),
        case("POST /api/v2/authorizations", [recorded("authorizations/create")], |c| {
            let bucket = id("97c45955947a12be");
            let new = NewAuthorization::new([Permission::write().bucket(&bucket)])
                .description("edge writer");
            let made = c.authorizations().create(&new).unwrap();
            assert_eq!(made.reveal_token(), Some("throwaway-token-4"));
            assert!(!format!("{made:?}").contains("throwaway"));
            assert_eq!(made.permissions[0].resource.name.as_deref(), Some("edge"));
        }),
        case("POST /api/v2/authorizations", [recorded("authorizations/create-read")], |c| {
            let new = NewAuthorization::new([Permission::read().buckets()])
                .description("reader")
                .status(Status::Active);
            c.authorizations().create(&new).unwrap();
        }),
        case("POST /api/v2/authorizations", [recorded("authorizations/create-with-reader")], |c| {
            let new = NewAuthorization::new([Permission::write().buckets()]);
            let error = c.authorizations().create(&new).unwrap_err();
            assert!(error.is_forbidden() && error.is_unauthorized());
        })
        .with(|b| b.org_id(crate::common::api::ORG).token("throwaway-token-3")),
        case("POST /api/v2/authorizations", [recorded("authorizations/create-bad-type")], |c| {
            let new = NewAuthorization::new([Permission::read().all("nonsense")]);
            let error = c.authorizations().create(&new).unwrap_err();
            assert_eq!((error.status(), error.is_conflict()), (Some(400), false));
        }),
        case(
            "POST /api/v2/authorizations",
            [
                recorded("authorizations/get"),
                documented(
                    "POST",
                    "/api/v2/authorizations",
                    r#"{"orgID":"66de4893384f6b2b","userID":"11ac569931941000","status":"active","description":"edge writer","permissions":[{"action":"write","resource":{"type":"buckets","orgID":"66de4893384f6b2b","id":"97c45955947a12be"}}]}"#,
                    201,
                    r#"{"id":"11ac5699cf141001","token":"new","permissions":null}"#,
                ),
            ],
            |c| {
                let copy = c.authorizations().duplicate(&id(AUTH)).unwrap();
                assert_eq!(copy.reveal_token(), Some("new"));
            },
        )
        .with(|b| b),
        case("GET /api/v2/authorizations/{authID}", [recorded("authorizations/get")], |c| {
            let found = c.authorizations().find(&id(AUTH)).unwrap().unwrap();
            assert_eq!(found.reveal_token(), None);
        }),
        case("GET /api/v2/authorizations/{authID}", [recorded("authorizations/get-unknown")], |c| {
            assert_eq!(c.authorizations().find(&id("00000000000000aa")).unwrap(), None);
        }),
        case("PATCH /api/v2/authorizations/{authID}", [recorded("authorizations/update")], |c| {
            let update = AuthorizationUpdate::new()
                .status(Status::Inactive)
                .description("paused");
            let now = c.authorizations().update(&id(AUTH), &update).unwrap();
            assert_eq!(now.status, Some(Status::Inactive));
        }),
        case(
            "PATCH /api/v2/authorizations/{authID}",
            [recorded("authorizations/update-active")],
            |c| {
                let update = AuthorizationUpdate::new().status(Status::Active);
                c.authorizations().update(&id(AUTH), &update).unwrap();
            },
        ),
        case("DELETE /api/v2/authorizations/{authID}", [recorded("authorizations/delete")], |c| {
            c.authorizations().delete(&id(AUTH)).unwrap();
        }),
    ]
}
