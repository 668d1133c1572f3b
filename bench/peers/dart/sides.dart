// The other sides: what isolates begin in. Each sends its port first.

import 'dart:io';
import 'dart:isolate';

typedef Entry = void Function(SendPort main);

/// How many messages the receiver of a pipeline lets wait.
const window = 1000;

final entries = <String, Entry>{
  'echo': echo,
  'serve': serve,
  'take': take,
  'forward': forward,
  'add': add,
  'pair': pair,
  'hello': hello,
  'loop': loop,
  'sleeper': sleeper,
};

void echo(SendPort main) {
  final port = RawReceivePort();
  port.handler = (Object? message) => main.send(message);
  main.send(port.sendPort);
}

void serve(SendPort main) {
  final port = RawReceivePort();
  port.handler = (List<Object?> message) {
    (message[1] as SendPort).send((message[0] as int) + 1);
  };
  main.send(port.sendPort);
}

void take(SendPort main) {
  late SendPort sender;
  var left = window ~/ 2;
  final port = RawReceivePort();
  port.handler = (Object? message) {
    if (message is SendPort) {
      sender = message;
    } else if (--left == 0) {
      left = window ~/ 2;
      sender.send(null);
    }
  };
  main.send(port.sendPort);
}

void forward(SendPort main) {
  SendPort? next;
  SendPort? done;
  final port = RawReceivePort();
  port.handler = (Object? message) {
    if (message is int) {
      if (message == 0) {
        done!.send(null);
      } else {
        next!.send(message - 1);
      }
    } else if (message is SendPort) {
      next == null ? next = message : done = message;
    }
  };
  main.send(port.sendPort);
}

void add(SendPort main) {
  late SendPort to;
  final port = RawReceivePort();
  port.handler = (Object? message) {
    if (message is int) {
      to.send(message + 1);
    } else if (message is SendPort) {
      to = message;
    }
  };
  main.send(port.sendPort);
}

/// Makes as many round trips as it is told, with an isolate of its own.
void pair(SendPort main) {
  late SendPort to;
  late SendPort echo;
  var left = 0;
  final answers = RawReceivePort();
  final orders = RawReceivePort();
  answers.handler = (Object? message) {
    if (message is SendPort) {
      echo = message;
      main.send(orders.sendPort);
    } else if (--left == 0) {
      to.send(null);
    } else {
      echo.send(left);
    }
  };
  orders.handler = (Object? message) {
    if (message is int) {
      left = message;
      echo.send(left);
    } else if (message is SendPort) {
      to = message;
    }
  };
  Isolate.spawn(entries['echo']!, answers.sendPort);
}

void hello(SendPort main) => main.send(null);

void loop(SendPort main) {
  main.send(null);
  while (true) {}
}

void sleeper(SendPort main) {
  final port = RawReceivePort((_) {});
  main.send(port.sendPort);
  sleep(const Duration(hours: 1));
}
