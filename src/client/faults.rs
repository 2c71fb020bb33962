//! Network and server failures, and their result for the caller.
//!
//! Each row is a test with plain sockets (with rustls, where it is about TLS) in the named file. The call
//! ends within its time limit and a tenth, with the named result and without a false success, and the client
//! works afterwards.
//!
//! | # | fault | result | test |
//! |---|---|---|---|
//! | 1 | connection refused | [`TransportErrorKind::Refused`], retryable, nothing stored | `http_faults/connection.rs::row_01_connection_refused` |
//! | 2 | the name doesn't resolve | [`TransportErrorKind::Dns`], retryable, in time | `http_faults/connection.rs::row_02_dns_failure` |
//! | 3 | black hole, connecting stalls | [`TransportErrorKind::Timeout`], retryable, nothing stored | `http_faults/connection.rs::row_03_connect_stall` |
//! | 4 | closed or reset before the response | [`TransportErrorKind::Closed`], retryable; the same bytes again are harmless | `http_faults/connection.rs::row_04_closed_or_reset_before_the_response` |
//! | 5 | reset in mid-request | [`TransportErrorKind::Closed`], retryable | `http_faults/connection.rs::row_05_reset_in_mid_request` |
//! | 6 | stall without a response, or without taking bytes | [`TransportErrorKind::Timeout`] by the read or write limit | `http_faults/connection.rs::row_06_stall_without_a_response` |
//! | 7 | head or body in slow drips | [`TransportErrorKind::Timeout`] by the overall limit | `http_faults/connection.rs::row_07_slow_drips_meet_the_overall_limit` |
//! | 8 | truncated body, by length or in chunks | the rows before it, then [`TransportErrorKind::Closed`] | `http_faults/responses.rs::row_08_truncated_bodies_are_errors_after_their_rows` |
//! | 9 | bad chunk size, two lengths, garbage, HTTP/0.9 | [`TransportErrorKind::Protocol`] | `http_faults/connection.rs::row_09_what_is_not_http` |
//! | 10 | extra bytes, two responses at once | the second never becomes the response to the next call | `http_faults/connection.rs::row_10_a_second_response_is_not_taken_for_the_next_call` |
//! | 11 | a thousand `100 Continue`, or without end | ends in time | `http_faults/connection.rs::row_11_a_thousand_continues_are_bounded` |
//! | 12 | a head of a megabyte, or without end | [`TransportErrorKind::Protocol`], bounded memory | `http_faults/connection.rs::row_12_endless_heads` |
//! | 13 | a body without end | capped ([`TransportErrorKind::TooLarge`]); queries stream | `http_faults/responses.rs::row_13_endless_bodies_are_capped` |
//! | 14 | a gzip bomb of 512 MiB | [`TransportErrorKind::TooLarge`], memory within the limit plus 256 KiB | `resource_use/gzip_bomb.rs::row_14_a_gzip_bomb_stays_within_the_cap` |
//! | 15 | damaged or truncated gzip | [`TransportErrorKind::Compression`] | `http_faults/responses.rs::row_15_damaged_gzip` |
//! | 16 | 301, 302, 303 to a write | an error with the other host's name; nothing stored | `http_faults/responses.rs::row_16_17_redirects_are_not_followed` |
//! | 17 | 307, 308 to a write | the same | `http_faults/responses.rs::row_16_17_redirects_are_not_followed` |
//! | 18 | a redirect to another host | the token is never sent there | `http_faults/responses.rs::row_18_a_redirect_takes_the_token_nowhere` |
//! | 19 | 200 with a page, 202 | an error; whether it is stored is unknown | `http_faults/responses.rs::row_19_other_successes_are_none` |
//! | 20 | errors with HTML, no body, a huge body, invalid UTF-8 | the status, and an excerpt of at most 512 bytes | `http_faults/responses.rs::row_20_bodies_of_errors` |
//! | 21 | 400; 201 with `partial write` | nothing stored and the bad lines by name, or the good lines stored: by the body; a gateway's 400 is about no line | `http_faults/responses.rs::row_21_refused_lines` |
//! | 22 | 422, and 500 with `partial write` | the good lines are stored; no retry | `http_faults/responses.rs::row_22_partial_writes` |
//! | 23 | 401, 403 | nothing stored; a person must act | `http_faults/responses.rs::row_23_credentials` |
//! | 24 | 404 | nothing stored; a person must act | `http_faults/responses.rs::row_24_not_found` |
//! | 25 | 408, 425, 429, 502, 503, 504 | retryable | `http_faults/responses.rs::row_25_what_passes_by_itself` |
//! | 26 | `Retry-After` in all its forms | parsed, clamped to ten minutes, observed | `http_faults/responses.rs::row_26_retry_after` |
//! | 27 | 500 for ever | retryable, and a policy ends it | `http_faults/responses.rs::row_27_a_500_for_ever_ends` |
//! | 28 | 413 | to be split | `http_faults/responses.rs::row_28_too_large` |
//! | 29 | stored, but the response got lost | sent again; one point | `http_faults/connection.rs::row_29_applied_but_the_response_got_lost` |
//! | 30 | a stale pooled connection | one retry, at once | `http_faults/connection.rs::row_30_a_stale_pooled_connection` |
//! | 31 | certificate self-signed, expired, too young, of another host | [`TransportErrorKind::Tls`]; never accepted in silence | `http_faults/tls.rs::row_31_certificates_that_are_not_right` |
//! | 32 | https to a plain port, and the reverse | [`TransportErrorKind::Tls`], [`TransportErrorKind::NeedsTls`] | `http_faults/tls.rs::row_32_tls_and_plain_taken_for_each_other` |
//! | 33 | an early 401 or 413 while a large body is sent | the error of that response | `http_faults/tls.rs::row_33_an_early_refusal_of_a_large_body_is_seen` |
//! | 34 | status 999, abuse of 1xx | an error with that status; whether it is stored is unknown | `http_faults/responses.rs::row_34_strange_statuses` |
//! | 35 | 204 before the body was read | [`TransportErrorKind::Closed`], retryable | `http_faults/connection.rs::row_35_success_without_reading_the_body` |
//! | 36 | the wall clock jumps | no effect: nothing here reads it | `http_faults/table.rs::row_36_the_wall_clock_has_no_effect` |
//! | 37 | another 2xx to a call that expects 204: a page of any type, JSON, nothing | an error that names the URL; not a success | `http_faults/pages.rs::row_37_a_call_that_expects_204_believes_no_page` |
//! | 38 | the proxy is down, its name doesn't resolve, it expects TLS or isn't HTTP, or refuses with 407 | an error that names the proxy: [`TransportErrorKind::ProxyUnavailable`], retryable, or [`TransportErrorKind::Proxy`], a person must act; nothing stored. With a server on http its other responses can't be distinguished from the server's: the status, and the name of the proxy if the body isn't InfluxDB's | `http_faults/proxy.rs::row_38_a_proxy_that_is_down_refuses_or_is_none` |
//! | 39 | the proxy is silent or slow | [`TransportErrorKind::Timeout`] by the same limits as for a server | `http_faults/proxy.rs::row_39_a_proxy_that_is_slow` |
//! | 40 | the same proxies, asked for a tunnel to a server on https; refusals of any status | as in row 38, and each refusal is certainly the proxy's | `http_faults/proxy_tunnel.rs::row_40_a_tunnel_that_is_refused` |
//! | 41 | a tunnel in slow drips, or without an end of its head | [`TransportErrorKind::Timeout`] by the connect limit, with the proxy's name | `http_faults/proxy_tunnel.rs::row_41_a_tunnel_that_is_slow` |
//! | 42 | 417 to `Expect`, no `100 Continue`, or a late one | sent again without it, or after a second; later calls don't use it | `http_faults/expect.rs::row_42_expect_refused_or_ignored` |
//! | 43 | a response before the request | sent over another connection; the second time [`TransportErrorKind::Protocol`], nothing stored | `http_faults/early.rs::row_43_a_response_before_the_request` |
//! | 44 | the connection lost in compressed data | [`TransportErrorKind::Closed`], as without compression | `http_faults/encoding.rs::row_44_a_connection_lost_in_compressed_data` |
//! | 45 | a body encoded by gzip under another name, or in another way | decoded, or [`TransportErrorKind::Compression`] with its name | `http_faults/encoding.rs::row_45_content_encodings` |
//!
//! The rules of the transport behind it, each with the tests that fail when it is broken:
//!
//! | rule | test |
//! |---|---|
//! | A · redirects are never followed | `http_faults/responses.rs::row_18_a_redirect_takes_the_token_nowhere` |
//! | B · connect, read, write and the whole call have limits | `http_faults/connection.rs::row_07_slow_drips_meet_the_overall_limit` |
//! | C · no thread for a call | `resource_use/client_threads.rs::a_warm_call_makes_no_thread` |
//! | D · no proxy unless one is set | `client/settings.rs::proxies_of_the_environment_are_ignored` |
//! | E · small buffers, and an error if something doesn't fit | `resource_use/client_memory.rs::an_idle_client_is_small` |
//! | F · what doesn't fit is rejected with a reason | `client/rules.rs::what_does_not_fit_is_refused_with_a_reason` |
//! | G · the limit counts decompressed bytes | `client/rules.rs::the_cap_counts_decompressed_bytes_and_takes_its_own_size` |
//! | H · bodies are read to their end | `client/rules.rs::bodies_are_read_to_their_end` |
//! | I · no body is awaited after a 204 | `client/rules.rs::a_204_is_not_waited_for` |
//! | J · a dead pooled connection is replaced once | `http_faults/connection.rs::row_30_a_stale_pooled_connection` |
//! | K · large bodies wait for `100 Continue` | `http_faults/tls.rs::row_33_an_early_refusal_of_a_large_body_is_seen` |
//! | L · settings that would fail or panic later fail in `build` | `client/settings.rs::what_cannot_work_is_refused_when_built` |
//! | M · the same for certificates and keys | `http_faults/tls.rs::a_client_certificate` |
//! | N · names are percent-encoded, secrets visible ASCII | `client/secrets.rs::names_stay_names` |
//! | O · TLS failures are reported as such | `http_faults/tls.rs::row_31_certificates_that_are_not_right` |
//! | P · never an empty write, always a length | `client/rules.rs::lengths_are_sent` |
//! | Q · no secret in any log line, at any level | `client_log/main.rs::no_log_line_has_a_secret` |
//! | R · a body that has no end of its own is complete at an orderly close only | `http_faults/tls_ends.rs::a_body_without_an_end_is_complete_at_an_orderly_close_only` |
//! | S · records of TLS itself are no response: a dead connection is replaced under TLS as well | `http_faults/tls_ends.rs::a_connection_that_tls_closes_is_replaced_like_any_other` |
//! | T · once a byte of a request is sent, it is unknown what is stored, whatever fails | `http_faults/tls_ends.rs::what_breaks_behind_the_handshake_leaves_open_what_is_stored` |
//! | U · a failed handshake stored nothing | `http_faults/tls_ends.rs::what_breaks_in_the_handshake_stored_nothing` |
//! | V · a server that requires a client certificate is reported as such | `http_faults/tls_ends.rs::a_server_that_wants_a_client_certificate_says_so` |
//! | W · a self-signed certificate is its own CA, in time and for its names | `http_faults/tls_files.rs::a_self_signed_certificate_is_its_own_ca` |
//! | X · data buffered in TLS never become the next response | `http_faults/tls_ends.rs::what_is_left_in_tls_is_not_taken_for_the_next_response` |
//! | Y · secrets that a server repeats are masked, and control characters are escaped | `client/echoes.rs::whatever_is_repeated_is_not_printed` |
//!
//! The writer handles the batch (keeps, splits, or sends it again, or gives it back) by
//! [`Error::remedy`]. If something in between refuses everything with InfluxDB's texts (400, 422, 413), the
//! writer rejects no line: `writer/refusals.rs::whoever_refuses_everything_rejects_no_line`.
//!
//! [`TransportErrorKind::Refused`]: crate::TransportErrorKind::Refused
//! [`TransportErrorKind::Dns`]: crate::TransportErrorKind::Dns
//! [`TransportErrorKind::Timeout`]: crate::TransportErrorKind::Timeout
//! [`TransportErrorKind::Closed`]: crate::TransportErrorKind::Closed
//! [`TransportErrorKind::Protocol`]: crate::TransportErrorKind::Protocol
//! [`TransportErrorKind::TooLarge`]: crate::TransportErrorKind::TooLarge
//! [`TransportErrorKind::Compression`]: crate::TransportErrorKind::Compression
//! [`TransportErrorKind::Tls`]: crate::TransportErrorKind::Tls
//! [`TransportErrorKind::NeedsTls`]: crate::TransportErrorKind::NeedsTls
//! [`TransportErrorKind::Proxy`]: crate::TransportErrorKind::Proxy
//! [`TransportErrorKind::ProxyUnavailable`]: crate::TransportErrorKind::ProxyUnavailable
//! [`Error::remedy`]: crate::Error::remedy
