"""gRPC by grpcio: rpc.py plain|tls TARGET. A call that fails by its status, then a stream whose messages wait for each other."""

import os
import sys

import grpc

kind, target = sys.argv[1:]
channel = (
    grpc.insecure_channel(target)
    if kind == "plain"
    else grpc.secure_channel(target, grpc.ssl_channel_credentials())
)
metadata = [("authorization", "Bearer " + os.environ["CALL_TOKEN"])]

try:
    channel.unary_unary("/lots.Lots/Missing")(b"which", metadata=metadata, timeout=20)
    sys.exit("a call that should fail did not")
except grpc.RpcError as error:
    assert error.code() == grpc.StatusCode.NOT_FOUND, error
    assert error.details() == "no such lot", error

answers = []


def questions():
    for number in range(20):
        # The next one is sent when the last one has been answered: a stream that is held back stands still.
        while len(answers) < number:
            with seen:
                seen.wait(1)
        yield b"question %d" % number


import threading

seen = threading.Condition()
for answer in channel.stream_stream("/lots.Lots/Echo")(questions(), metadata=metadata, timeout=20):
    with seen:
        answers.append(answer)
        seen.notify()
assert answers == [b"question %d" % number for number in range(20)], answers
