//! The model: what each step means, one after the other, in plain lists.

use std::collections::{BTreeSet, VecDeque};

use crate::program::{Step, When};

/// What was said of each isolate, in order, and why it ended.
pub type Trace = Vec<Vec<String>>;

#[derive(Default)]
struct Isolate {
    parent: Option<usize>,
    pauses: BTreeSet<Pause>,
    errors_fatal: bool,
    queue: VecDeque<Event>,
    controls: VecDeque<Control>,
    exit_listener: Option<usize>,
    monitor: Option<usize>,
    ended: Option<&'static str>,
    said: Vec<String>,
}

/// By which capability.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Pause {
    /// Its own: it was spawned paused.
    Start,
    Of(usize),
}

enum Event {
    Note(usize),
    Forward { to: usize, note: usize },
    Fail(usize),
    Close,
}

enum Control {
    Ping(usize),
    Kill { tree: bool },
}

#[derive(Default)]
struct Model {
    isolates: Vec<Isolate>,
}

/// Runs a program. Its steps are numbered, and what a step says is its number.
/// Gives which isolates have ended after each step, too.
pub fn run(program: &[Step]) -> (Trace, Vec<Vec<bool>>) {
    let mut model = Model::default();
    let mut ended = Vec::new();
    for (number, step) in program.iter().enumerate() {
        model.step(number, step);
        model.settle();
        let isolates = model.isolates.iter();
        ended.push(isolates.map(|isolate| isolate.ended.is_some()).collect());
    }
    for number in 0..model.isolates.len() {
        model.end(number, "killed");
    }
    let isolates = model.isolates.into_iter();
    (isolates.map(|isolate| isolate.said).collect(), ended)
}

impl Model {
    fn at(&mut self, number: usize) -> &mut Isolate {
        let count = self.isolates.len();
        &mut self.isolates[number % count]
    }

    /// Where an isolate that is there and takes commands is, if this is one.
    fn commandable(&self, number: usize) -> Option<usize> {
        let place = number % self.isolates.len();
        let isolate = &self.isolates[place];
        (isolate.ended.is_none() && isolate.pauses.is_empty()).then_some(place)
    }

    fn step(&mut self, number: usize, step: &Step) {
        match *step {
            Step::Spawn {
                by,
                paused,
                errors_fatal,
            } => {
                let parent = by.and_then(|by| self.commandable(by));
                let isolate = Isolate {
                    parent,
                    errors_fatal,
                    pauses: paused.then_some(Pause::Start).into_iter().collect(),
                    ..Isolate::default()
                };
                self.isolates.push(isolate);
            }
            Step::Send { to } => self.queue(to, Event::Note(number)),
            Step::Forward { via, to } => {
                let to = to % self.isolates.len();
                self.queue(via, Event::Forward { to, note: number });
            }
            Step::Fail { to } => self.queue(to, Event::Fail(number)),
            Step::Close { of } => self.queue(of, Event::Close),
            Step::Pause { of, by } => {
                self.at(of).pauses.insert(Pause::Of(by));
            }
            Step::Resume { of, by } => {
                self.at(of).pauses.remove(&Pause::Of(by));
            }
            Step::Start { of } => {
                self.at(of).pauses.remove(&Pause::Start);
            }
            Step::Ping { of, when } => {
                let isolate = self.at(of);
                match when {
                    _ if isolate.ended.is_some() => {}
                    When::Now => isolate.say(format!("pong {number}")),
                    When::BeforeNextEvent => isolate.controls.push_back(Control::Ping(number)),
                }
            }
            Step::Kill { of, when, tree } => {
                let place = of % self.isolates.len();
                match when {
                    When::Now => self.kill(place, tree),
                    When::BeforeNextEvent => {
                        self.at(of).controls.push_back(Control::Kill { tree });
                    }
                }
            }
            Step::KillWithoutRight { .. } => {}
            Step::ErrorsFatal { of, on } => self.at(of).errors_fatal = on,
            Step::AddExitListener { of } => {
                let isolate = self.at(of);
                if isolate.ended.is_none() {
                    isolate.exit_listener = Some(number);
                }
            }
            Step::RemoveExitListener { of } => self.at(of).exit_listener = None,
            Step::AddMonitor { of } => {
                let isolate = self.at(of);
                match isolate.ended {
                    Some(why) => isolate.say(format!("monitor {number}: {why}")),
                    None => isolate.monitor = Some(number),
                }
            }
        }
    }

    fn queue(&mut self, to: usize, event: Event) {
        let isolate = self.at(to);
        if isolate.ended.is_none() {
            isolate.queue.push_back(event);
        }
    }

    /// Lets every isolate do what it can.
    fn settle(&mut self) {
        while let Some(place) = (0..self.isolates.len()).find(|place| self.can_act(*place)) {
            self.act(place);
        }
    }

    fn can_act(&self, place: usize) -> bool {
        let isolate = &self.isolates[place];
        isolate.ended.is_none()
            && isolate.pauses.is_empty()
            && !(isolate.queue.is_empty() && isolate.controls.is_empty())
    }

    fn act(&mut self, place: usize) {
        let isolate = &mut self.isolates[place];
        match isolate.controls.pop_front() {
            Some(Control::Ping(number)) => return isolate.say(format!("pong {number}")),
            Some(Control::Kill { tree }) => return self.kill(place, tree),
            None => {}
        }
        match isolate.queue.pop_front() {
            Some(Event::Note(note)) => isolate.say(note.to_string()),
            Some(Event::Forward { to, note }) => self.queue(to, Event::Note(note)),
            Some(Event::Fail(number)) => {
                isolate.say(format!("error {number}"));
                if isolate.errors_fatal {
                    self.end(place, "failed");
                }
            }
            Some(Event::Close) => self.end(place, "ended"),
            None => {}
        }
    }

    fn kill(&mut self, place: usize, tree: bool) {
        if tree {
            let children: Vec<_> = (0..self.isolates.len())
                .filter(|child| self.isolates[*child].parent == Some(place))
                .collect();
            // Of one that has ended, its parent is the parent by now.
            for child in children {
                self.kill(child, true);
            }
        }
        self.end(place, "killed");
    }

    fn end(&mut self, place: usize, why: &'static str) {
        let isolate = &mut self.isolates[place];
        if isolate.ended.is_some() {
            return;
        }
        isolate.ended = Some(why);
        if let Some(number) = isolate.exit_listener {
            isolate.say(format!("exit {number}"));
        }
        if let Some(number) = isolate.monitor {
            isolate.say(format!("monitor {number}: {why}"));
        }
        isolate.queue.clear();
        isolate.controls.clear();
        let parent = isolate.parent;
        for child in &mut self.isolates {
            if child.parent == Some(place) {
                child.parent = parent;
            }
        }
    }
}

impl Isolate {
    fn say(&mut self, what: String) {
        self.said.push(what);
    }
}
