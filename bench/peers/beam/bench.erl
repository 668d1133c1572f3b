%% What BEAM takes for each row. `start` measures one row once and prints a line.
%%
%% Small costs are taken in batches, as reading the clock costs as much as sending:
%% the value is the median of the batches' means. What is slow, or has a worst case
%% that matters, is timed one by one.
-module(bench).
-behaviour(gen_server).
%% How many messages the receiver of a pipeline lets wait.
-define(WINDOW, 1000).

-export([start/0, init/1, handle_call/3, handle_cast/2]).
-export([echo/1, take/2, forward/2, worker/1, pair/1, loop/0, idle/0]).

start() -> main(init:get_plain_arguments()).

main(["--version" | _]) ->
    io:format("Erlang/OTP ~s, ERTS ~s, ~p schedulers~n",
              [erlang:system_info(otp_release), erlang:system_info(version),
               erlang:system_info(schedulers_online)]),
    halt(0);
main([Row | Sizes]) ->
    Size = case Sizes of
        [] -> 0;
        [Text | _] -> list_to_integer(Text)
    end,
    %% In a process of its own, whose heap has nothing of the start-up's.
    {Pid, Monitor} = spawn_monitor(fun() -> exit({done, row(Row, Size)}) end),
    receive
        {'DOWN', Monitor, process, Pid, {done, {skip, Why}}} ->
            io:format(standard_error, "~s~n", [Why]),
            halt(3);
        {'DOWN', Monitor, process, Pid, {done, Line}} ->
            io:format("~s~n", [Line]),
            halt(0);
        {'DOWN', Monitor, process, Pid, Reason} ->
            io:format(standard_error, "~p~n", [Reason]),
            halt(1)
    end.

%% Both know each other's pid, so the message is the payload and nothing more. More
%% than 64 bytes of binary are shared by count, as they always are on BEAM.
row("round-trip", Size) ->
    Message = payload(Size),
    Echo = spawn_link(?MODULE, echo, [self()]),
    batches(200, 5000, fun(Times) -> trips(Times, Echo, Message) end);

%% What an OTP program calls with: monitor, alias, reply by reference, no time-out
%% (which would add a timer).
row("call", _) ->
    {ok, Server} = gen_server:start_link(?MODULE, [], []),
    batches(200, 2000, fun(Times) -> calls(Times, Server) end);

row("spawn", _) ->
    Parent = self(),
    Spawn = fun() ->
        Begin = now_ns(),
        Pid = spawn(fun() -> Parent ! self() end),
        receive Pid -> now_ns() - Begin end
    end,
    [Spawn() || _ <- lists:seq(1, 10000)],
    singles([Spawn() || _ <- lists:seq(1, 100000)]);

row("spawn-rate", Size) ->
    Rounds = max(5, 300000 div Size),
    round_of_spawns(Size),
    means([per(Size, fun() -> round_of_spawns(Size) end) || _ <- lists:seq(1, Rounds)],
          Rounds * Size);

%% The receiver asks for more as it goes, as stages of a pipeline do: a queue of at most
%% 1,000 stays in the caches. Without that a message costs twice as much. On as many
%% schedulers as there are cores.
row("one-way", _) ->
    Receiver = spawn_link(?MODULE, take, [self(), ?WINDOW div 2]),
    flood(?WINDOW, Receiver),
    batches(10, 500000, fun(Times) -> on_demand(Times div (?WINDOW div 2), Receiver) end);

row("ring", Size) ->
    First = ring(Size),
    Rounds = max(1, 100000 div Size),
    go_round(First, 1),
    means([per(Rounds * Size, fun() -> go_round(First, Rounds) end) || _ <- lists:seq(1, 15)],
          15 * Rounds * Size);

row("fan", Size) ->
    Parent = self(),
    Workers = [spawn_link(?MODULE, worker, [Parent]) || _ <- lists:seq(1, Size)],
    Fan = fun() ->
        [Worker ! 1 || Worker <- Workers],
        await(Size, 2)
    end,
    [Fan() || _ <- lists:seq(1, 100)],
    singles([per(1, Fan) || _ <- lists:seq(1, 1000)]);

%% Each pair makes round trips of its own, all at the same time.
row("pairs", Size) ->
    Pairs = [spawn_link(?MODULE, pair, [self()]) || _ <- lists:seq(1, Size)],
    Trips = max(100, 500000 div Size),
    Together = fun(Times) ->
        [Pair ! {go, Times} || Pair <- Pairs],
        await(Size, done)
    end,
    Together(Trips div 5),
    means([per(Trips * Size, fun() -> Together(Trips) end) || _ <- lists:seq(1, 5)],
          5 * Trips * Size);

row("bytes", _) ->
    {skip, "binaries are shared between processes, not copied (bytes-shared "
           "measures that)"};
row("bytes-shared", Size) ->
    bytes(payload(Size));
%% Maps with atoms as keys, and binaries that are short enough to be copied.
row("nested-value", Size) -> row("nested", Size);
row("nested", Size) ->
    Message = [item(Id) || Id <- lists:seq(1, Size)],
    Echo = spawn_link(?MODULE, echo, [self()]),
    Trip = fun() ->
        Echo ! Message,
        receive Back when is_list(Back) -> ok end
    end,
    [Trip() || _ <- lists:seq(1, 5)],
    singles([per(1, Trip) || _ <- lists:seq(1, 50)]);

%% Plain processes that wait. None is hibernated: one that waits for its next message
%% seldom is.
row("idle-memory", Size) -> idle_ones("bytes", Size, fun resident/0);
row("mappings", Size) -> idle_ones("mappings", Size, fun mappings/0);

row("stop", _) ->
    singles([stop() || _ <- lists:seq(1, 2000)]);

row("beside-loops", Size) ->
    Message = payload(8),
    Echo = spawn_link(?MODULE, echo, [self()]),
    [spawn_link(?MODULE, loop, []) || _ <- lists:seq(1, Size)],
    timer:sleep(200),
    Trip = fun() -> trips(1, Echo, Message) end,
    Until = now_ns() + 5000000000,
    singles(until(Until, 200000, Trip, []));

%% A suspended receiver: one that waits in a selective receive would be woken for
%% each message to look at it. Its queue is kept beside its heap.
row("mailbox", Size) ->
    {Value, _} = mailbox(Size),
    line("ns", [{value, Value}, {n, Size}]);
row("mailbox-memory", Size) ->
    {_, Value} = mailbox(Size),
    line("bytes", [{value, Value}, {n, Size}]);

row("spawn-cold", _) ->
    {skip, "a process has no slot that could be used for the first time"};
row(Row, _) ->
    {skip, "BEAM has no row " ++ Row}.

%% The other sides.

echo(Main) ->
    receive Message -> Main ! Message, echo(Main) end.

take(Main, 0) ->
    Main ! more,
    take(Main, ?WINDOW div 2);
take(Main, Left) ->
    receive _ -> take(Main, Left - 1) end.

forward(Next, Main) ->
    receive
        0 -> Main ! done;
        Hops -> Next ! Hops - 1
    end,
    forward(Next, Main).

worker(Main) ->
    receive Number -> Main ! Number + 1, worker(Main) end.

pair(Main) ->
    Echo = spawn_link(?MODULE, echo, [self()]),
    pair(Main, Echo).

pair(Main, Echo) ->
    receive {go, Times} -> trips(Times, Echo, Times) end,
    Main ! done,
    pair(Main, Echo).

loop() -> loop().

idle() ->
    receive {From, ping} -> From ! pong, idle() end.

init([]) -> {ok, 0}.
handle_call(Number, _From, State) -> {reply, Number + 1, State}.
handle_cast(_, State) -> {noreply, State}.

%% What is measured.

trips(0, _, _) -> ok;
trips(Left, Echo, Message) ->
    Echo ! Message,
    receive _ -> trips(Left - 1, Echo, Message) end.

calls(0, _) -> ok;
calls(Left, Server) ->
    _ = gen_server:call(Server, Left, infinity),
    calls(Left - 1, Server).

round_of_spawns(Size) ->
    Parent = self(),
    spawns(Size, Parent),
    await(Size, hello).

spawns(0, _) -> ok;
spawns(Left, Parent) ->
    spawn(fun() -> Parent ! hello end),
    spawns(Left - 1, Parent).

on_demand(0, _) -> ok;
on_demand(Left, Receiver) ->
    receive more -> flood(?WINDOW div 2, Receiver) end,
    on_demand(Left - 1, Receiver).

flood(0, _) -> ok;
flood(Left, Receiver) ->
    Receiver ! Left,
    flood(Left - 1, Receiver).

%% The last one forwards to the first, which hears of it by a message.
ring(Size) ->
    Main = self(),
    First = spawn_link(fun() -> receive {next, Next} -> forward(Next, Main) end end),
    Second = lists:foldl(fun(_, Next) -> spawn_link(?MODULE, forward, [Next, Main]) end,
                         First, lists:seq(2, Size)),
    First ! {next, Second},
    {First, Size}.

go_round({First, Size}, Rounds) ->
    First ! Size * Rounds,
    receive done -> ok end.

idle_ones(Unit, Size, Look) ->
    Look(),
    Before = Look(),
    Idle = [spawn_link(?MODULE, idle, []) || _ <- lists:seq(1, Size)],
    [Pid ! {self(), ping} || Pid <- Idle],
    await(Size, pong),
    line(Unit, [{value, (Look() - Before) / Size}, {n, Size}]).

mailbox(Size) ->
    Receiver = spawn_opt(?MODULE, idle, [], [link, {message_queue_data, off_heap}]),
    erlang:suspend_process(Receiver),
    Before = resident(),
    Value = per(Size, fun() -> flood(Size, Receiver) end),
    {message_queue_len, Size} = process_info(Receiver, message_queue_len),
    {Value, (resident() - Before) / Size}.

bytes(Message) ->
    Echo = spawn_link(?MODULE, echo, [self()]),
    batches(200, 500, fun(Times) -> trips(Times, Echo, Message) end).

stop() ->
    Main = self(),
    {Pid, Monitor} = spawn_monitor(fun() -> Main ! started, loop() end),
    receive started -> ok end,
    %% Long enough that it is in its loop, on whatever scheduler.
    timer:sleep(1),
    per(1, fun() ->
        exit(Pid, kill),
        receive {'DOWN', Monitor, process, Pid, killed} -> ok end
    end).

%% Helpers.

payload(8) -> 4611686018;
payload(Size) -> binary:copy(<<$x>>, Size).

item(Id) ->
    Text = integer_to_binary(Id),
    #{id => Id,
      name => <<"item number ", Text/binary>>,
      tags => [<<"red">>, <<"large">>, <<"fragile">>],
      pos => #{x => Id * 0.5, y => Id * 0.25}}.

await(0, _) -> ok;
await(Left, Message) ->
    receive Message -> await(Left - 1, Message) end.

until(_, 0, _, Times) -> Times;
until(Until, Left, Do, Times) ->
    Begin = now_ns(),
    case Begin > Until of
        true -> Times;
        false ->
            Do(),
            until(Until, Left - 1, Do, [now_ns() - Begin | Times])
    end.

per(Times, Do) ->
    Begin = now_ns(),
    Do(),
    (now_ns() - Begin) / Times.

now_ns() -> erlang:monotonic_time(nanosecond).

%% Bytes of memory that this operating system process has resident.
resident() ->
    erlang:garbage_collect(),
    {ok, Text} = file:read_file("/proc/self/statm"),
    [_, Pages | _] = binary:split(Text, <<" ">>, [global]),
    binary_to_integer(Pages) * 4096.

mappings() ->
    {ok, Text} = file:read_file("/proc/self/maps"),
    length(binary:matches(Text, <<"\n">>)).

batches(Count, Times, Do) ->
    Do(Times),
    means([per(Times, fun() -> Do(Times) end) || _ <- lists:seq(1, Count)], Count * Times).

means(Values, N) ->
    line("ns", [{value, at(lists:sort(Values), 0.5)}, {n, N}]).

singles(Values) ->
    Sorted = lists:sort(Values),
    line("ns", [{value, at(Sorted, 0.5)}, {p99, at(Sorted, 0.99)},
                {worst, lists:last(Sorted)}, {n, length(Sorted)}]).

at(Sorted, Share) ->
    lists:nth(max(1, round(Share * length(Sorted))), Sorted).

line(Unit, Fields) ->
    ["{\"unit\":\"", Unit, "\"",
     [[",\"", atom_to_list(Key), "\":", number(Value)] || {Key, Value} <- Fields], "}"].

number(Value) when is_integer(Value) -> integer_to_list(Value);
number(Value) -> float_to_list(Value, [{decimals, 1}]).
