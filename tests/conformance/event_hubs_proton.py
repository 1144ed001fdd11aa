#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A second AMQP peer: qpid-proton's own client sends to an event hub of Drydock and reads from it.
usage: event_hubs_proton.py FILE-WITH-CONNECTION-STRING CA-FILE"""
import re
import sys

from proton import Described, Message, SSLDomain, symbol, ulong
from proton.reactor import ReceiverOption
from proton.utils import BlockingConnection, LinkDetached

with open(sys.argv[1], encoding="utf-8") as file:
    text = file.read()
host = re.search(r"Endpoint=sb://([^/;]+)", text).group(1)
rule = re.search(r"SharedAccessKeyName=([^;]+)", text).group(1)
key = re.search(r"SharedAccessKey=([^;]+)", text).group(1)


class FromEnd(ReceiverOption):
    """Event Hubs' filter by sequence number."""

    def __init__(self, after):
        self.after = after

    def apply(self, receiver):
        name = "apache.org:selector-filter:string"
        receiver.source.filter.put_dict({symbol(name): Described(
            ulong(0x468C00000004), f"amqp.annotation.x-opt-sequence-number > '{self.after}'")})


def connect(password):
    domain = SSLDomain(SSLDomain.MODE_CLIENT)
    domain.set_trusted_ca_db(sys.argv[2])
    domain.set_peer_authentication(SSLDomain.VERIFY_PEER_NAME, sys.argv[2])
    return BlockingConnection(f"amqps://{host}:5671", ssl_domain=domain, user=rule, password=password,
                              allowed_mechs="PLAIN", timeout=10)


connection = connect(key)
sender = connection.create_sender("telemetry/Partitions/2")
assert sender.link.remote_max_message_size == 1024 * 1024
for number in range(50):
    sender.send(Message(id=f"p-{number}", properties={"peer": "proton", "number": number}, body=f"text {number}"))

receiver = connection.create_receiver("telemetry/ConsumerGroups/$default/Partitions/2", credit=10,
                                      options=FromEnd(-1))
seen = []
while len(seen) < 50:
    message = receiver.receive(timeout=10)
    if message.properties and message.properties.get("peer") == "proton":
        seen.append(message)  # settled by the sender: a reader keeps its own position
assert [message.body for message in seen] == [f"text {number}" for number in range(50)]
assert [message.id for message in seen] == [f"p-{number}" for number in range(50)]
numbers = [message.annotations[symbol("x-opt-sequence-number")] for message in seen]
assert numbers == list(range(numbers[0], numbers[0] + 50)), numbers

try:
    connection.create_sender("nothing")
    raise AssertionError("a sender to nothing was let in")
except LinkDetached as error:
    assert "amqp:not-found" in str(error), error
connection.close()

try:
    connect("wrong")
    raise AssertionError("a wrong key was let in")
except Exception as error:  # proton names no narrower type for it
    assert "uthenticat" in str(error), error
print("all is well")
