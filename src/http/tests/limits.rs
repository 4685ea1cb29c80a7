//! How much is taken, and what happens beyond that.

use super::*;

const PROBE: &str = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";

#[tokio::test]
async fn a_body_that_is_too_large_is_not_taken() {
    let server = Setup::limited(|limits| limits.max_body_bytes = 1_024).start().await;
    let send = async |bytes: usize| {
        server.request(Method::POST, "/count").body(vec![b'x'; bytes]).send().await.unwrap()
    };
    assert_eq!(send(1_024).await.text().await.unwrap(), "1024");
    let (status, problem) = problem(send(1_025).await).await;
    assert_eq!(status, 413);
    assert!(problem["detail"].as_str().unwrap().contains("1024 bytes"), "{problem}");
    let unread = server.request(Method::POST, "/respond").body(vec![b'x'; 1_025]).send().await;
    assert_eq!(unread.unwrap().status(), 413, "whether or not somebody would read it");
    assert_eq!(server.refused("body_too_large"), 2.0);
}

#[tokio::test]
async fn a_body_that_does_not_say_how_large_it_is_is_measured() {
    let server = Setup::limited(|limits| limits.max_body_bytes = 1_024).start().await;
    let chunk = format!("200\r\n{}\r\n", "x".repeat(0x200));
    let head = "POST /count HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n";
    let whole = format!("{head}Connection: close\r\n\r\n{chunk}{chunk}0\r\n\r\n");
    let answer = say(server.connect().await, &whole).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with("1024"), "{answer}");
    // It never ends, and need not.
    let endless = format!("{head}\r\n{chunk}{chunk}1\r\nx\r\n");
    let answer = say(server.connect().await, &endless).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    assert!(answer.contains("application/problem+json"), "{answer}");
    assert_eq!(server.refused("body_too_large"), 1.0);
}

#[tokio::test]
async fn a_head_that_does_not_end_ends_the_connection() {
    let server = Setup::limited(|limits| limits.header_timeout = SHORT).start().await;
    for head in ["G", "GET / HTTP/1.1\r\nHost: x\r\nX-A: "] {
        assert_eq!(say(server.connect().await, head).await, "", "{head}");
    }
    assert_eq!(server.refused("header_timeout"), 2.0);
    // One byte after the other, each soon after the last, is no way around it.
    let (reader, mut writer) = server.connect().await.into_split();
    let drip = tokio::spawn(async move {
        while writer.write_all(b"X").await.is_ok() {
            tokio::time::sleep(SHORT / 8).await;
        }
    });
    let mut reader = reader;
    let mut answer = Vec::new();
    // It may be told that what it sent was not read.
    let _ended = timeout(DEADLINE, reader.read_to_end(&mut answer)).await.expect("it is ended");
    assert_eq!(answer, b"");
    drip.await.unwrap();
    assert_eq!(server.refused("header_timeout"), 3.0);
}

#[tokio::test]
async fn a_connection_on_which_nothing_is_asked_is_ended_and_nothing_is_refused() {
    let server = Setup::limited(|limits| limits.header_timeout = SHORT).start().await;
    assert_eq!(read_to_end(server.connect().await).await, "");
    let answer = say(server.connect().await, PROBE).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with("ok\n"), "{answer}");
    assert_eq!(server.refused("header_timeout"), 0.0);
}

#[tokio::test]
async fn what_is_not_answered_in_time_is_given_up() {
    let server = Setup::limited(|limits| limits.request_timeout = SHORT).start().await;
    let (status, problem) = problem(server.ask(Method::GET, "/never").await).await;
    assert_eq!((status, &problem["reason"]), (408, &"request_timeout".into()));
    // A body that does not come.
    let head = "POST /count HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nxyz";
    let answer = say(server.connect().await, head).await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert_eq!(server.refused("request_timeout"), 2.0);
}

#[tokio::test]
async fn a_reader_that_takes_nothing_is_left() {
    let mut setup = Setup::limited(|limits| limits.request_timeout = SHORT);
    setup.series_cap = 2_000;
    let server = setup.start().await;
    let _unread = answers::unread(&server).await;
    // Tens of megabytes are on their way, more than the system takes from the server unread.
    server.until("groundswell_http_refused_total{reason=\"slow_reader\"}", 1.0).await;
    server.until("groundswell_http_connections", 0.0).await;
}

#[tokio::test]
async fn a_client_that_asks_too_often_is_told_when_to_come_again() {
    let hourly = Rate { requests: NonZeroU32::new(3).unwrap(), per: Duration::from_secs(3_600) };
    let server = Setup::limited(|limits| limits.rate = hourly).start().await;
    for path in ["/", "/metrics", "/nothing"] {
        assert_ne!(server.get(path).await.0, 429, "{path}");
    }
    let refused = server.ask(Method::GET, "/").await;
    let wait: u64 = refused.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1_100..=1_200).contains(&wait), "a third of an hour, not {wait} s");
    let (status, problem) = problem(refused).await;
    assert_eq!((status, &problem["reason"]), (429, &"rate_limited".into()));
    assert_eq!(server.refused("rate_limited"), 1.0);
    assert_eq!(server.metric("groundswell_http_clients"), Some(1.0));
    for path in ["/healthz", "/readyz"] {
        assert_ne!(server.get(path).await.0, 429, "probes are answered all the same");
    }
}

#[tokio::test]
async fn a_guess_costs_as_much_as_a_question() {
    let hourly = Rate { requests: NonZeroU32::new(3).unwrap(), per: Duration::from_secs(3_600) };
    let mut setup = Setup::with_tokens();
    setup.settings.limits.rate = hourly;
    let server = setup.start().await;
    for guess in ["a", "b", "c", VIEWER] {
        let answer = server.request(Method::GET, "/view").bearer_auth(guess).send().await.unwrap();
        assert_eq!(answer.status(), if guess == VIEWER { 429 } else { 401 }, "{guess}");
    }
}

#[tokio::test]
async fn connections_beyond_the_limit_are_told_so_and_probes_answered() {
    let server = Setup::limited(|limits| limits.max_connections = 2).start().await;
    assert_eq!(server.metric("groundswell_http_connections_limit"), Some(2.0));
    let mut held = Vec::new();
    for _ in 0..2 {
        let mut stream = server.connect().await;
        stream.write_all(PROBE.as_bytes()).await.unwrap();
        let mut answer = [0; 15];
        stream.read_exact(&mut answer).await.unwrap();
        held.push(stream);
    }
    let asked = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let answer = say(server.connect().await, asked).await;
    assert!(answer.starts_with("HTTP/1.1 503 ") && answer.contains("retry-after: 5"), "{answer}");
    let answer = say(server.connect().await, PROBE).await;
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("ok\n"), "{answer}");
    assert_eq!(server.refused("too_many_connections"), 1.0);
    held.pop();
    server.until("groundswell_http_connections", 1.0).await;
    assert_eq!(server.get("/").await.0, 200, "there is room again");
}

#[tokio::test]
async fn connections_far_beyond_the_limit_are_not_even_read() {
    let server = Setup::limited(|limits| limits.max_connections = 1).start().await;
    let mut held = Vec::new();
    for _ in 0..33 {
        held.push(server.connect().await);
    }
    server.until("groundswell_http_connections", 33.0).await;
    assert_eq!(read_to_end(server.connect().await).await, "");
    assert_eq!(server.refused("too_many_connections"), 1.0);
    drop(held);
    server.until("groundswell_http_connections", 0.0).await;
    assert_eq!(server.get("/").await.0, 200);
}

#[tokio::test]
async fn a_head_that_is_too_large_is_refused() {
    let server = Setup::local().start().await;
    let head = format!("GET / HTTP/1.1\r\nHost: x\r\nX-Long: {}\r\n", "x".repeat(70_000));
    let answer = say(server.connect().await, &head).await;
    assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
}
