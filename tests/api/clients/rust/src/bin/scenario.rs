//! A generated Rust client at work: scenario ENDPOINT DIR VERSION. README.md tells what the steps are.

use std::{env, error::Error, fmt::Debug, future::Future, pin::Pin, process::ExitCode};

use etcd_v2::types::{self, Action, Event, Node};
use futures_util::TryStreamExt;

type Outcome = Result<(), Box<dyn Error>>;

struct Scenario {
    client: etcd_v2::Client,
    endpoint: String,
    directory: String,
    version: String,
}

impl Scenario {
    fn new(endpoint: String, directory: String, version: String) -> Self {
        // reqwest follows redirects unless it is told not to, and makes a read of a redirected write. There is no
        // timeout, since the one that the client sets by itself ends watches, too.
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client");
        let client = etcd_v2::Client::new_with_client(&endpoint, http);
        Self { client, endpoint, directory, version }
    }

    async fn key(&self) -> Outcome {
        let key = format!("{}/a b/c?d#e%f+g&h=i;j/ü漢🙂", self.directory);
        let value = "1+1 = 2 & 100% ü漢🙂";
        let written = self.put(&key, value).send().await?;
        expect(written.action, Action::Set)?;
        expect(&node(&written).key, &Some(format!("/{key}")))?;
        expect(self.read(&key).await?, value.into())
    }

    async fn empty(&self) -> Outcome {
        let key = format!("{}/empty", self.directory);
        self.put(&key, "").send().await?;
        expect(self.read(&key).await?, "".into())
    }

    async fn create(&self) -> Outcome {
        let key = format!("{}/create", self.directory);
        let created = self.put(&key, "first").body_map(|form| form.ttl(600)).prev_exist(false).send().await?;
        expect(created.action, Action::Create)?;
        expect(node(&created).ttl, Some(600))?;
        let conflict = self.put(&key, "second").prev_exist(false).send().await;
        expect_error(conflict, 105, &format!("/{key}"), &created)?;
        expect(self.read(&key).await?, "first".into())
    }

    async fn swap(&self) -> Outcome {
        let key = format!("{}/swap", self.directory);
        let old = self.put(&key, "old").send().await?;
        let won = self.put(&key, "new").prev_index(index(&old)).send().await?;
        expect(won.action, Action::CompareAndSwap)?;
        expect(prev_value(&won), Some("old"))?;
        let prev_value: types::PutFormPrevValue = "old".parse()?;
        let lost = self.put(&key, "newer").body_map(|form| form.prev_value(prev_value)).send().await;
        expect_error(lost, 101, "[old != new]", &won)?;
        expect(self.read(&key).await?, "new".into())
    }

    async fn in_order(&self) -> Outcome {
        let key = format!("{}/queue", self.directory);
        let mut posted = Vec::new();
        for value in ["first", "second"] {
            let event =
                self.client.post_key().key(key.as_str()).body_map(|form| form.value(value.to_owned())).send().await?;
            expect(event.action, Action::Create)?;
            posted.push(node(&event).key.clone());
        }
        let queue = self.list(&key).await?;
        expect(queue.iter().map(|node| node.value.as_deref()).collect(), vec![Some("first"), Some("second")])?;
        expect(queue.into_iter().map(|node| node.key).collect(), posted)
    }

    async fn listing(&self) -> Outcome {
        let key = format!("{}/list", self.directory);
        for (child, value) in [("b", "2"), ("a", "1"), ("sub/c", "3")] {
            self.put(&format!("{key}/{child}"), value).send().await?;
        }
        let children = self.list(&key).await?;
        let keys = children.iter().map(|node| node.key.clone()).collect::<Vec<_>>();
        expect(keys, ["a", "b", "sub"].map(|child| Some(format!("/{key}/{child}"))).to_vec())?;
        let values = children.iter().map(|node| (node.value.as_deref(), node.dir));
        expect(values.collect(), vec![(Some("1"), None), (Some("2"), None), (None, Some(true))])?;
        expect(children[2].nodes.len(), 0)
    }

    async fn watch(&self) -> Outcome {
        let key = format!("{}/watch", self.directory);
        let before = self.put(&key, "before").send().await?;
        // Whichever comes first, the watch or the write: from its index on, nothing is missed.
        let change = self.client.get_key().key(key.as_str()).wait(true).wait_index(index(&before) + 1);
        let (event, _) = tokio::try_join!(change.send(), self.put(&key, "after").send())?;
        expect(event.action, Action::Set)?;
        expect((prev_value(&event), node(&event).value.as_deref()), (Some("before"), Some("after")))
    }

    async fn machines(&self) -> Outcome {
        let text = self.client.get_machines().send().await?.into_inner_stream();
        let text = String::from_utf8(text.try_collect::<Vec<_>>().await?.concat())?;
        expect(text.split(", ").collect(), vec![self.endpoint.as_str()])
    }

    async fn version(&self) -> Outcome {
        let answer = self.client.get_version().send().await?;
        expect(&answer.etcdserver, &self.version)
    }

    fn put(&self, key: &str, value: &str) -> etcd_v2::builder::PutKey<'_> {
        self.client.put_key().key(key).body_map(|form| form.value(value.to_owned()))
    }

    async fn read(&self, key: &str) -> Result<String, Box<dyn Error>> {
        let event = self.client.get_key().key(key).send().await?;
        Ok(node(&event).value.clone().ok_or("no value")?)
    }

    async fn list(&self, key: &str) -> Result<Vec<Node>, Box<dyn Error>> {
        let event = self.client.get_key().key(key).sorted(true).send().await?;
        Ok(node(&event).nodes.clone())
    }
}

fn node(event: &Event) -> &Node {
    event.node.as_ref().expect("a node")
}

fn index(event: &Event) -> i64 {
    node(event).modified_index.expect("an index")
}

fn prev_value(event: &Event) -> Option<&str> {
    event.prev_node.as_ref()?.value.as_deref()
}

fn expect<T: PartialEq + Debug>(got: T, want: T) -> Outcome {
    if got == want { Ok(()) } else { Err(format!("{got:?} instead of {want:?}").into()) }
}

fn expect_error<T>(
    result: Result<T, etcd_v2::Error<types::EtcdError>>,
    code: i32,
    cause: &str,
    last: &Event,
) -> Outcome {
    match result {
        Err(etcd_v2::Error::ErrorResponse(error)) => {
            expect((error.error_code, error.cause.as_deref()), (Some(code), Some(cause)))?;
            expect(error.index >= Some(index(last)), true)
        }
        Err(other) => Err(other.into()),
        Ok(_) => Err("not refused".into()),
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let mut args = env::args().skip(1);
    let mut arg = |name| args.next().unwrap_or_else(|| panic!("no {name}"));
    let scenario = Scenario::new(arg("ENDPOINT"), arg("DIR"), arg("VERSION"));
    let steps: [(&str, Pin<Box<dyn Future<Output = Outcome> + '_>>); 9] = [
        ("key", Box::pin(scenario.key())),
        ("empty", Box::pin(scenario.empty())),
        ("create", Box::pin(scenario.create())),
        ("swap", Box::pin(scenario.swap())),
        ("in-order", Box::pin(scenario.in_order())),
        ("list", Box::pin(scenario.listing())),
        ("watch", Box::pin(scenario.watch())),
        ("machines", Box::pin(scenario.machines())),
        ("version", Box::pin(scenario.version())),
    ];
    let mut code = ExitCode::SUCCESS;
    for (name, step) in steps {
        match step.await {
            Ok(()) => println!("ok {name}"),
            Err(error) => {
                println!("not ok {name}: {error}");
                code = ExitCode::FAILURE;
            }
        }
    }
    code
}
