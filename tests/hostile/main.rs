//! Guests that mean harm: tables of small modules, each with the reason for
//! which it has to end. After every row the host lives, a bystander in another
//! group still answers, and nothing of the guest is left.

mod bad_programs;
mod bombs;
mod budgets;
mod calls;
mod check;
mod control;
mod deliver;
mod files;
mod guests;
mod handles;
mod links;
mod listeners;
mod messages;
mod pointers;
mod promises;
mod realloc;
mod spawns;
mod texts;
mod turns;
mod waits;
mod wasi;
