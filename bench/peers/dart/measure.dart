// Spawning, what is done many times, and how its time is taken and told.

import 'dart:async';
import 'dart:io';
import 'dart:isolate';
import 'dart:typed_data';

import 'sides.dart';

/// How the isolates of this row are spawned.
class Bench {
  Bench(this.uri);

  final bool uri;
  final program = File(Platform.resolvedExecutable).parent.uri
      .resolve('bench.aot');

  Future<Isolate> spawn(String entry, SendPort main, {SendPort? onExit}) => uri
      ? Isolate.spawnUri(program, [entry], main, onExit: onExit)
      : Isolate.spawn(entries[entry]!, main, onExit: onExit);

  /// An isolate with a heap of its own takes a megabyte.
  void fits(int size) {
    if (uri && size > 1000) skip('$size isolates take $size MiB of memory');
  }

  /// Spawn one and wait for its port.
  Future<SendPort> peer(String entry) async => (await peers(1, entry)).single;

  /// Spawn many, some hundred at once, and wait for their ports.
  Future<List<SendPort>> peers(int size, String entry) async {
    final ports = <SendPort>[];
    final done = Completer<void>();
    var begun = 0;
    late final RawReceivePort port;
    void next() {
      begun++;
      unawaited(spawn(entry, port.sendPort));
    }

    port = RawReceivePort((SendPort answer) {
      ports.add(answer);
      if (begun < size) next();
      if (ports.length == size) done.complete();
    });
    while (begun < min(size, 200)) {
      next();
    }
    await done.future;
    // What echoes goes on sending here.
    if (size > 1) port.close();
    kept.add(port);
    return ports;
  }

  /// Spawn an endless loop and wait until it has begun.
  Future<Isolate> loop(SendPort? onExit) async {
    final begun = Completer<void>();
    final port = RawReceivePort((_) => begun.complete());
    final isolate = await spawn('loop', port.sendPort, onExit: onExit);
    await begun.future;
    port.close();
    return isolate;
  }

  final kept = <RawReceivePort>[];
}

/// Messages to a peer that sends them back.
class Trips {
  Trips(this.peer, this.port);

  static Future<Trips> begin(Bench bench) async {
    final peer = await bench.peer('echo');
    return Trips(peer, bench.kept.last);
  }

  final SendPort peer;
  final RawReceivePort port;

  Future<void> go(Object? message, int times) {
    final done = Completer<void>.sync();
    var left = times;
    port.handler = (_) {
      if (--left == 0) {
        done.complete();
      } else {
        peer.send(message);
      }
    };
    peer.send(message);
    return done.future;
  }
}

Future<Object?> call(SendPort server, Object? argument) {
  final result = Completer<Object?>.sync();
  final port = RawReceivePort();
  port.handler = (Object? reply) {
    port.close();
    result.complete(reply);
  };
  server.send([argument, port.sendPort]);
  return result.future;
}

/// Isolates that send one message and end.
class Spawns {
  Spawns(this.bench);

  final Bench bench;
  final port = RawReceivePort();

  Future<void> go(int size) {
    final done = Completer<void>();
    var left = size;
    port.handler = (_) {
      if (--left == 0) done.complete();
    };
    for (var i = 0; i < size; i++) {
      unawaited(bench.spawn('hello', port.sendPort));
    }
    return done.future;
  }
}

Uint8List bytes(int size) => Uint8List(size)..fillRange(0, size, 120);

Map<String, Object?> item(int id) => {
  'id': id,
  'name': 'item number $id',
  'tags': ['red', 'large', 'fragile'],
  'pos': {'x': id * 0.5, 'y': id * 0.25},
};

int min(int a, int b) => a < b ? a : b;
int max(int a, int b) => a > b ? a : b;

/// Bytes that this process has resident.
int resident() => ProcessInfo.currentRss;

int mappings() => File('/proc/self/maps').readAsLinesSync().length;

double nanoseconds(Stopwatch watch) =>
    watch.elapsedTicks * 1e9 / watch.frequency;

Future<void> batches(
  int count,
  int times,
  Future<void> Function(int) go, {
  bool warm = false,
}) async {
  if (!warm) await go(times);
  final means = <double>[];
  for (var i = 0; i < count; i++) {
    final watch = Stopwatch()..start();
    await go(times);
    means.add(nanoseconds(watch) / times);
  }
  means.sort();
  line('ns', {'value': at(means, 0.5), 'n': count * times});
}

Future<void> singles(
  int count,
  Future<void> Function() go, {
  int? seconds,
  bool warm = false,
}) async {
  final times = <double>[];
  final all = Stopwatch()..start();
  while (times.length < count &&
      (seconds == null || all.elapsed.inSeconds < seconds)) {
    final watch = Stopwatch()..start();
    await go();
    times.add(nanoseconds(watch));
  }
  distribution(times);
}

void distribution(List<double> times) {
  times.sort();
  line('ns', {
    'value': at(times, 0.5),
    'p99': at(times, 0.99),
    'worst': times.last,
    'n': times.length,
  });
}

double at(List<double> sorted, double share) =>
    sorted[max(0, (sorted.length * share).round() - 1)];

void line(String unit, Map<String, num> fields) {
  final all = fields.entries.map((field) {
    final value = field.value;
    return ',"${field.key}":${value is int ? value : value.toStringAsFixed(1)}';
  });
  stdout.writeln('{"unit":"$unit"${all.join()}}');
}

Never skip(String why) {
  stderr.writeln(why);
  exit(3);
}
