//! `groundswell demo`.

use std::io::IsTerminal;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::mocking::MockCluster;
use rdkafka::producer::{FutureProducer, FutureRecord};
use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};
use tokio::time::{Instant, sleep_until, timeout};

use crate::config::{Config, Secrets};
use crate::demo::{CONFIG, CRISIS_BRAND, Pace, Script};
use crate::http::Readiness;
use crate::incident::{Change, State};
use crate::notify::terminal;
use crate::pipeline::{self, Service};
use crate::source::wall_clock;
use crate::store::Engine;
use crate::telemetry::log;

use super::Failure;
use super::run::{listen, runtime, stop_signal};

/// How long the demo waits for its own broker.
const START: Duration = Duration::from_secs(30);
/// How long after the last mention the end may take.
const END: Duration = Duration::from_secs(15);

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Stay when the crisis is over, until Ctrl-C; metrics go on being served.
    #[arg(long)]
    keep: bool,
    /// The same seed makes the same mentions.
    #[arg(long, default_value_t = 7)]
    seed: u64,
}

pub(super) fn run(args: &Args) -> Result<ExitCode, Failure> {
    runtime()?.block_on(demo(args))?;
    Ok(ExitCode::SUCCESS)
}

async fn demo(args: &Args) -> Result<(), Failure> {
    let mut config = Config::parse(CONFIG, "demo", Secrets::Ignore, &|_| None)?;
    "warn,librdkafka=error".clone_into(&mut config.log.level);
    log::init(config.log.format, &config.log.level).map_err(Failure::other)?;
    log::hear_panics();
    // What a demo has kept is of no use to the next.
    let folder = std::env::temp_dir().join(format!("groundswell-demo-{}", std::process::id()));
    std::fs::create_dir_all(&folder).map_err(Failure::other)?;
    config.dead_letter_file = folder.join("dead-letters.ndjson");
    config.feedback_file = folder.join("feedback.ndjson");
    config.store.engine = Engine::Sqlite { file: folder.join("groundswell.db") };

    let cluster = MockCluster::new(1).map_err(Failure::other)?;
    let topic = broker(&cluster, &mut config)?;
    let listener = match listen(&config).await {
        Ok(listener) => listener,
        // Somebody else serves there: any other port will do.
        Err(_) => TcpListener::bind(("127.0.0.1", 0)).await.map_err(Failure::other)?,
    };
    let address = listener.local_addr().map_err(Failure::other)?;
    println!("Groundswell demo: two made days of three invented coffee brands, then a crisis.");
    println!("Open http://{address}/ in a browser to see what the people on call would.\n");

    let readiness = Readiness::default();
    let (over, is_over) = watch::channel(false);
    let zone = config.plan.time_zone.clone();
    let color = std::io::stdout().is_terminal();
    let began = Instant::now();
    let on_change = Box::new(move |change: &Change| {
        println!("{}\n", terminal::render(change, &zone, color));
        if change.incident.brand == CRISIS_BRAND && change.incident.state == State::Resolved {
            over.send_replace(true);
        }
    });
    let service = Service { listener, readiness: readiness.clone(), on_change };
    let (stop, stopped) = oneshot::channel::<()>();
    let shutdown = async move {
        let _dropped = stopped.await;
    };
    let mut running = tokio::spawn(pipeline::run(config, service, shutdown));
    let story = tell(&cluster, &topic, args, &readiness, is_over);
    let told = tokio::select! {
        told = story => told,
        () = stop_signal()? => Ok(()),
        ended = &mut running => return ended.map_err(Failure::other)?.map_err(Failure::other),
    };
    let _running = stop.send(());
    let ended = running.await.map_err(Failure::other)?.map_err(Failure::other);
    let _gone = std::fs::remove_dir_all(folder);
    println!("The demo ran for {} s.", began.elapsed().as_secs());
    told.and(ended)
}

/// Creates the topic on the embedded broker and points the configuration there.
fn broker<C: rdkafka::ClientContext>(
    cluster: &MockCluster<'_, C>,
    config: &mut Config,
) -> Result<String, Failure> {
    let kafka = config.kafka.as_mut().ok_or_else(|| Failure::other("the demo has no topic"))?;
    kafka.brokers = vec![cluster.bootstrap_servers()];
    kafka.history = Duration::ZERO;
    let topic = kafka.topics.first().map(|topic| topic.name.clone()).unwrap_or_default();
    cluster.create_topic(&topic, 1, 1).map_err(Failure::other)?;
    Ok(topic)
}

/// Produces the made mentions at their pace, and waits for the end.
async fn tell<C: rdkafka::ClientContext>(
    cluster: &MockCluster<'_, C>,
    topic: &str,
    args: &Args,
    readiness: &Readiness,
    mut over: watch::Receiver<bool>,
) -> Result<(), Failure> {
    timeout(START, readiness.ready())
        .await
        .map_err(|_| Failure::other("the embedded broker did not answer; please try again"))?;
    let now = wall_clock();
    let script = Script::new(args.seed, now);
    let pace = Pace::new(script.start(), script.crisis_at(), script.end());
    println!(
        "Two ordinary days fly by ({} mentions in all); the crisis begins at {}.\n",
        script.events().len(),
        script.crisis_at()
    );
    let producer: FutureProducer = ClientConfig::new()
        .set("bootstrap.servers", cluster.bootstrap_servers())
        .set("linger.ms", "20")
        .create()
        .map_err(Failure::other)?;
    let producer = Arc::new(producer);
    let began = Instant::now();
    for event in script.events() {
        sleep_until(began + pace.due(event.created_at)).await;
        let record = FutureRecord::to(topic).key(event.key).payload(&event.payload);
        if let Err((error, _)) = producer.send_result(record) {
            return Err(Failure::other(error));
        }
    }
    if timeout(END, over.wait_for(|over| *over)).await.is_err() {
        println!("The crisis is not over yet.");
    }
    if args.keep {
        println!("Staying until Ctrl-C.");
        std::future::pending::<()>().await;
    }
    Ok(())
}
