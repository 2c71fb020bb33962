//! The same requests by the HTTP library alone, with nothing checked: what can't be had for less.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let url = std::env::args().nth(1).ok_or("usage: bare URL")?;
    let url = format!("{url}/api/v2/write?org=acme&bucket=sensors&precision=s");
    let agent = ureq::agent();
    for n in 0..footprint::WRITES {
        let temp_c = 20.0 + n as f64 / 100.0;
        let line = format!(
            "weather,station=zrh-1 temp_c={temp_c} {}\n",
            1_700_000_000 + n
        );
        agent
            .post(&url)
            .header("Authorization", "Token token")
            .header("Content-Type", "text/plain; charset=utf-8")
            .send(line)?;
    }
    footprint::report();
    Ok(())
}
