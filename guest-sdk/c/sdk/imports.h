/* The imports of wit/isolate.wit as a core module sees them, lowered by the canonical
 * ABI. Written from the WIT by `INSULA_BLESS=1 cargo test --test all -- c_imports`: do
 * not edit. */

#ifndef INSULA_IMPORTS_H
#define INSULA_IMPORTS_H

#include <stdint.h>

#define INSULA_IMPORT(module, name) \
    __attribute__((import_module(module), import_name(name))) extern

INSULA_IMPORT("insula:isolate/ports@0.1.0", "[method]send-port.send")
uint32_t insula_import_ports_send_port_send(uint32_t send_port_0, const void *start_1, uint32_t length_2, const void *start_3, uint32_t length_4, uint32_t is_given_5, uint32_t send_port_6);

INSULA_IMPORT("insula:isolate/ports@0.1.0", "[method]send-port.call")
void insula_import_ports_send_port_call(uint32_t send_port_0, const void *start_1, uint32_t length_2, const void *start_3, uint32_t length_4, uint64_t number_5, void *answer_6);

INSULA_IMPORT("insula:isolate/ports@0.1.0", "[method]send-port.send-when-ready")
void insula_import_ports_send_port_send_when_ready(uint32_t send_port_0, const void *start_1, uint32_t length_2, const void *start_3, uint32_t length_4, uint32_t is_given_5, uint32_t send_port_6, uint64_t number_7, void *answer_8);

INSULA_IMPORT("insula:isolate/ports@0.1.0", "[method]send-port.is-closed")
uint32_t insula_import_ports_send_port_is_closed(uint32_t send_port_0);

INSULA_IMPORT("insula:isolate/ports@0.1.0", "[method]send-port.when-closed")
void insula_import_ports_send_port_when_closed(uint32_t send_port_0, uint64_t number_1, void *answer_2);

INSULA_IMPORT("insula:isolate/ports@0.1.0", "[method]send-port.duplicate")
void insula_import_ports_send_port_duplicate(uint32_t send_port_0, void *answer_1);

INSULA_IMPORT("insula:isolate/ports@0.1.0", "[method]send-port.identity")
uint64_t insula_import_ports_send_port_identity(uint32_t send_port_0);

INSULA_IMPORT("insula:isolate/ports@0.1.0", "[static]send-port.capability")
void insula_import_ports_send_port_capability(void *answer_0);

INSULA_IMPORT("insula:isolate/ports@0.1.0", "[static]receive-port.open")
void insula_import_ports_receive_port_open(uint64_t number_0, void *answer_1);

INSULA_IMPORT("insula:isolate/ports@0.1.0", "[method]receive-port.sender")
void insula_import_ports_receive_port_sender(uint32_t receive_port_0, void *answer_1);

INSULA_IMPORT("insula:isolate/ports@0.1.0", "[method]receive-port.listen")
void insula_import_ports_receive_port_listen(uint32_t receive_port_0, uint32_t number_1);

INSULA_IMPORT("insula:isolate/ports@0.1.0", "[method]receive-port.keep-alive")
void insula_import_ports_receive_port_keep_alive(uint32_t receive_port_0, uint32_t number_1);

INSULA_IMPORT("insula:isolate/ports@0.1.0", "receive")
void insula_import_ports_receive(void *answer_0);

INSULA_IMPORT("insula:isolate/ports@0.1.0", "lend")
void insula_import_ports_lend(uint32_t number_0, uint32_t number_1);

INSULA_IMPORT("insula:isolate/ports@0.1.0", "[resource-drop]send-port")
void insula_import_ports_send_port_drop(uint32_t send_port_0);

INSULA_IMPORT("insula:isolate/ports@0.1.0", "[resource-drop]wait")
void insula_import_ports_wait_drop(uint32_t wait_0);

INSULA_IMPORT("insula:isolate/ports@0.1.0", "[resource-drop]receive-port")
void insula_import_ports_receive_port_drop(uint32_t receive_port_0);

INSULA_IMPORT("insula:isolate/control@0.1.0", "[static]isolate.current")
void insula_import_control_isolate_current(void *answer_0);

INSULA_IMPORT("insula:isolate/control@0.1.0", "[static]isolate.from-parts")
void insula_import_control_isolate_from_parts(uint32_t send_port_0, uint32_t is_given_1, uint32_t send_port_2, uint32_t is_given_3, uint32_t send_port_4, void *answer_5);

INSULA_IMPORT("insula:isolate/control@0.1.0", "[method]isolate.control-port")
void insula_import_control_isolate_control_port(uint32_t isolate_0, void *answer_1);

INSULA_IMPORT("insula:isolate/control@0.1.0", "[method]isolate.pause-capability")
void insula_import_control_isolate_pause_capability(uint32_t isolate_0, void *answer_1);

INSULA_IMPORT("insula:isolate/control@0.1.0", "[method]isolate.terminate-capability")
void insula_import_control_isolate_terminate_capability(uint32_t isolate_0, void *answer_1);

INSULA_IMPORT("insula:isolate/control@0.1.0", "[method]isolate.name")
void insula_import_control_isolate_name(uint32_t isolate_0, void *answer_1);

INSULA_IMPORT("insula:isolate/control@0.1.0", "[method]isolate.pause")
void insula_import_control_isolate_pause(uint32_t isolate_0, uint32_t send_port_1, void *answer_2);

INSULA_IMPORT("insula:isolate/control@0.1.0", "[method]isolate.resume")
uint32_t insula_import_control_isolate_resume(uint32_t isolate_0, uint32_t send_port_1);

INSULA_IMPORT("insula:isolate/control@0.1.0", "[method]isolate.kill")
uint32_t insula_import_control_isolate_kill(uint32_t isolate_0, uint32_t choice_1, uint32_t number_2);

INSULA_IMPORT("insula:isolate/control@0.1.0", "[method]isolate.set-errors-fatal")
uint32_t insula_import_control_isolate_set_errors_fatal(uint32_t isolate_0, uint32_t number_1);

INSULA_IMPORT("insula:isolate/control@0.1.0", "[method]isolate.ping")
uint32_t insula_import_control_isolate_ping(uint32_t isolate_0, uint32_t send_port_1, const void *start_2, uint32_t length_3, const void *start_4, uint32_t length_5, uint32_t choice_6);

INSULA_IMPORT("insula:isolate/control@0.1.0", "[method]isolate.add-exit-listener")
uint32_t insula_import_control_isolate_add_exit_listener(uint32_t isolate_0, uint32_t send_port_1, const void *start_2, uint32_t length_3, const void *start_4, uint32_t length_5);

INSULA_IMPORT("insula:isolate/control@0.1.0", "[method]isolate.remove-exit-listener")
void insula_import_control_isolate_remove_exit_listener(uint32_t isolate_0, uint32_t send_port_1);

INSULA_IMPORT("insula:isolate/control@0.1.0", "[method]isolate.add-monitor")
uint32_t insula_import_control_isolate_add_monitor(uint32_t isolate_0, uint32_t send_port_1, const void *start_2, uint32_t length_3, const void *start_4, uint32_t length_5);

INSULA_IMPORT("insula:isolate/control@0.1.0", "[method]isolate.remove-monitor")
void insula_import_control_isolate_remove_monitor(uint32_t isolate_0, uint32_t send_port_1);

INSULA_IMPORT("insula:isolate/control@0.1.0", "[method]isolate.add-error-listener")
uint32_t insula_import_control_isolate_add_error_listener(uint32_t isolate_0, uint32_t send_port_1);

INSULA_IMPORT("insula:isolate/control@0.1.0", "[method]isolate.remove-error-listener")
void insula_import_control_isolate_remove_error_listener(uint32_t isolate_0, uint32_t send_port_1);

INSULA_IMPORT("insula:isolate/control@0.1.0", "[method]isolate.link")
uint32_t insula_import_control_isolate_link(uint32_t isolate_0);

INSULA_IMPORT("insula:isolate/control@0.1.0", "[method]isolate.tie")
uint32_t insula_import_control_isolate_tie(uint32_t isolate_0);

INSULA_IMPORT("insula:isolate/control@0.1.0", "[method]isolate.unlink")
void insula_import_control_isolate_unlink(uint32_t isolate_0);

INSULA_IMPORT("insula:isolate/control@0.1.0", "[resource-drop]isolate")
void insula_import_control_isolate_drop(uint32_t isolate_0);

INSULA_IMPORT("insula:isolate/isolates@0.1.0", "spawn")
void insula_import_isolates_spawn(const void *record_0, void *answer_1);

INSULA_IMPORT("insula:isolate/names@0.1.0", "register")
void insula_import_names_register(const void *start_0, uint32_t length_1, uint32_t send_port_2, void *answer_3);

INSULA_IMPORT("insula:isolate/names@0.1.0", "lookup")
void insula_import_names_lookup(const void *start_0, uint32_t length_1, void *answer_2);

INSULA_IMPORT("insula:isolate/names@0.1.0", "unregister")
uint32_t insula_import_names_unregister(const void *start_0, uint32_t length_1);

INSULA_IMPORT("insula:isolate/timers@0.1.0", "[static]timer.start")
void insula_import_timers_timer_start(uint64_t number_0, uint64_t number_1, void *answer_2);

INSULA_IMPORT("insula:isolate/timers@0.1.0", "[resource-drop]timer")
void insula_import_timers_timer_drop(uint32_t timer_0);

INSULA_IMPORT("insula:isolate/self@0.1.0", "name")
void insula_import_self_name(void *answer_0);

INSULA_IMPORT("insula:isolate/self@0.1.0", "entry")
void insula_import_self_entry(void *answer_0);

INSULA_IMPORT("insula:isolate/self@0.1.0", "first-message")
void insula_import_self_first_message(void *answer_0);

INSULA_IMPORT("insula:isolate/self@0.1.0", "first-port")
void insula_import_self_first_port(uint64_t number_0, void *answer_1);

INSULA_IMPORT("insula:isolate/self@0.1.0", "result-port")
void insula_import_self_result_port(void *answer_0);

INSULA_IMPORT("insula:isolate/self@0.1.0", "exit")
void insula_import_self_exit(void);

INSULA_IMPORT("insula:isolate/self@0.1.0", "fail")
void insula_import_self_fail(const void *start_0, uint32_t length_1, const void *start_2, uint32_t length_3);

INSULA_IMPORT("insula:isolate/self@0.1.0", "uncaught")
void insula_import_self_uncaught(const void *start_0, uint32_t length_1, const void *start_2, uint32_t length_3);

#endif
