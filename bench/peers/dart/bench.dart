// What Dart takes for each row, compiled ahead of time. `bench ROW SIZE` measures once
// and prints a line.
//
// Isolates are of one group (`Isolate.spawn`), Dart's cheapest. A row whose name ends
// in `-uri` has isolates with heaps of their own (`Isolate.spawnUri`), the fair peer
// for isolation. Ports are raw, with a handler: no streams and, but for `call`, no
// futures between two messages.
//
// Small costs are taken in batches: the value is the median of the batches' means.
// What is slow, or has a worst case that matters, is timed one by one.

import 'dart:async';
import 'dart:io';
import 'dart:isolate';

import 'measure.dart';
import 'sides.dart';

Future<void> main(List<String> args, [Object? message]) async {
  if (message is SendPort) {
    entries[args[0]]!(message);
    return;
  }
  final uri = args[0].endsWith('-uri');
  final name = uri ? args[0].substring(0, args[0].length - 4) : args[0];
  final row = rows[name] ?? skip('Dart has no row ${args[0]}');
  await row(Bench(uri), args.length > 1 ? int.parse(args[1]) : 0);
  exit(0);
}

final rows = <String, Future<void> Function(Bench, int)>{
  // The handlers know each other's port, so the message is the payload and nothing
  // more. Bytes are copied.
  'round-trip': (bench, size) async {
    final message = size == 8 ? 4611686018 : bytes(size);
    final trips = await Trips.begin(bench);
    final times = bench.uri ? 500 : (size > 8 ? 2000 : 5000);
    await batches(100, times, (n) => trips.go(message, n));
  },
  'bytes': (bench, size) async {
    final trips = await Trips.begin(bench);
    final message = bytes(size);
    for (var i = 0; i < 10; i++) {
      await trips.go(message, 1);
    }
    await singles(
      max(20, min(2000, 1000000000 ~/ size)),
      () => trips.go(message, 1),
    );
  },
  'nested-value': (bench, size) => nested(bench, size),
  'nested': (bench, size) => nested(bench, size),
  // A port for each reply and a future of it, as package:isolate's
  // singleResponseFuture does it: completed by the handler itself.
  'call': (bench, _) async {
    final server = await bench.peer('serve');
    await batches(100, bench.uri ? 500 : 2000, (n) async {
      for (var i = 0; i < n; i++) {
        await call(server, i);
      }
    });
  },
  'spawn': (bench, _) async {
    final spawns = Spawns(bench);
    await spawns.go(bench.uri ? 20 : 2000);
    await singles(bench.uri ? 500 : 20000, () => spawns.go(1), warm: true);
  },
  'spawn-rate': (bench, size) async {
    final spawns = Spawns(bench);
    await spawns.go(size);
    final rounds = max(3, (bench.uri ? 500 : 30000) ~/ size);
    await batches(rounds, size, spawns.go, warm: true);
  },
  // The receiver asks for more as it goes, so that its queue stays in the caches.
  'one-way': (bench, _) async {
    final port = RawReceivePort();
    final receiver = await bench.peer('take');
    receiver.send(port.sendPort);
    void flood(int n) {
      for (var i = 0; i < n; i++) {
        receiver.send(i);
      }
    }

    var left = 0;
    var done = Completer<void>();
    port.handler = (_) {
      flood(window ~/ 2);
      if (--left == 0) done.complete();
    };
    left = -1;
    flood(window);
    await batches(10, 200000, (n) {
      done = Completer<void>();
      left = n ~/ (window ~/ 2);
      return done.future;
    });
  },
  'ring': (bench, size) async {
    bench.fits(size);
    final ports = await bench.peers(size, 'forward');
    final port = RawReceivePort();
    for (var i = 0; i < size; i++) {
      ports[i].send(ports[(i + 1) % size]);
      ports[i].send(port.sendPort);
    }
    final rounds = max(1, (bench.uri ? 5000 : 50000) ~/ size);
    await batches(15, size * rounds, (hops) {
      final done = Completer<void>();
      port.handler = (_) => done.complete();
      ports[0].send(hops);
      return done.future;
    });
  },
  'fan': (bench, size) async {
    final workers = await bench.peers(size, 'add');
    final port = RawReceivePort();
    for (final worker in workers) {
      worker.send(port.sendPort);
    }
    Future<void> round() {
      final done = Completer<void>();
      var left = size;
      port.handler = (_) {
        if (--left == 0) done.complete();
      };
      for (final worker in workers) {
        worker.send(1);
      }
      return done.future;
    }

    for (var i = 0; i < 50; i++) {
      await round();
    }
    await singles(500, round);
  },
  // Isolates with a port that is listened to.
  'idle-memory': (bench, size) => idle(bench, size, 'bytes', resident),
  'mappings': (bench, size) => idle(bench, size, 'mappings', mappings),
  'stop': (bench, _) async {
    final times = <double>[];
    for (var i = 0; i < 1000; i++) {
      final exited = Completer<void>();
      final port = RawReceivePort((_) => exited.complete());
      final isolate = await bench.loop(port.sendPort);
      // Long enough that it is in its loop.
      await Future<void>.delayed(const Duration(milliseconds: 1));
      final watch = Stopwatch()..start();
      isolate.kill(priority: Isolate.immediate);
      await exited.future;
      times.add(nanoseconds(watch));
      port.close();
    }
    distribution(times);
  },
  'beside-loops': (bench, size) async {
    if (size >= 16 && !bench.uri) {
      skip(
        'from 16 endless loops on, every isolate of the group stands still for ever',
      );
    }
    final trips = await Trips.begin(bench);
    await trips.go(0, 1000);
    for (var i = 0; i < size; i++) {
      await bench.loop(null);
    }
    await Future<void>.delayed(const Duration(milliseconds: 200));
    await singles(200000, () => trips.go(0, 1), seconds: 5);
  },
  'mailbox': (bench, size) async {
    final (each, _) = await mailbox(bench, size);
    line('ns', {'value': each, 'n': size});
  },
  'mailbox-memory': (bench, size) async {
    final (_, each) = await mailbox(bench, size);
    line('bytes', {'value': each, 'n': size});
  },
  // Each pair makes round trips of its own, all at the same time.
  'pairs': (bench, size) async {
    if (bench.uri) skip('measured in one group only');
    final pairs = await bench.peers(size, 'pair');
    final port = RawReceivePort();
    for (final pair in pairs) {
      pair.send(port.sendPort);
    }
    Future<void> together(int trips) {
      final done = Completer<void>();
      var left = size;
      port.handler = (_) {
        if (--left == 0) done.complete();
      };
      for (final pair in pairs) {
        pair.send(trips);
      }
      return done.future;
    }

    await together(100);
    await batches(
      5,
      max(100, 200000 ~/ size) * size,
      (n) => together(n ~/ size),
    );
  },
  'spawn-cold': (_, _) async =>
      skip('an isolate has no slot that could be used for the first time'),
};

/// Data has its types at run time, so it is the same as types and as values.
Future<void> nested(Bench bench, int size) async {
  final trips = await Trips.begin(bench);
  final message = [for (var id = 1; id <= size; id++) item(id)];
  for (var i = 0; i < 10; i++) {
    await trips.go(message, 1);
  }
  await singles(50, () => trips.go(message, 1));
}

Future<void> idle(
  Bench bench,
  int size,
  String unit,
  int Function() look,
) async {
  bench.fits(size);
  await bench.peers(10, 'echo');
  final before = look();
  await bench.peers(size, 'echo');
  line(unit, {'value': (look() - before) / size, 'n': size});
}

/// The nanoseconds and the bytes of one message. The receiver is in one long event, and
/// so takes nothing.
Future<(double, double)> mailbox(Bench bench, int size) async {
  final receiver = await bench.peer('sleeper');
  await Future<void>.delayed(const Duration(milliseconds: 100));
  final before = resident();
  final watch = Stopwatch()..start();
  for (var i = 0; i < size; i++) {
    receiver.send(i);
  }
  final each = nanoseconds(watch) / size;
  return (each, (resident() - before) / size);
}
