#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Runs commands of Debian's azure-cli one after the other in one process, because each start of `az` takes
more than a second. Nothing of azure-cli is changed: this does what /usr/bin/az does, again and again.

Reads one JSON array of arguments per line on standard input, or an object with the name and value of an
environment variable; for each writes what the command printed to
the file WORK/az.out, what it complained of to WORK/az.err, and its exit code, one line, to standard output.
"""
import io
import json
import os
import sys

os.environ['AZ_INSTALLER'] = 'DEB'
from azure.cli.core import get_default_cli  # noqa: E402


class Collector(io.TextIOBase):
    """A stream that stays the same, as the logging handlers of azure-cli need, and is emptied per command."""

    def __init__(self):
        self.text = ''

    def writable(self):
        return True

    def write(self, text):
        self.text += text
        return len(text)

    def take(self):
        text, self.text = self.text, ''
        return text


def run(arguments):
    try:
        status = get_default_cli().invoke(arguments, out_file=sys.stdout)
    except SystemExit as stop:
        status = stop.code if isinstance(stop.code, int) else 1
    except Exception as error:  # what az shows as an unexpected error
        print(f'{type(error).__name__}: {error}', file=sys.stderr)
        status = 1
    return status


def main():
    work, answers = sys.argv[1], sys.stdout
    output, complaints = Collector(), Collector()
    sys.stdout, sys.stderr = output, complaints
    for line in sys.stdin:
        request = json.loads(line)
        if isinstance(request, dict):
            os.environ[request['name']] = request['value']
            status = 0
        else:
            status = run(request)
        for name, stream in (('az.out', output), ('az.err', complaints)):
            with open(os.path.join(work, name), 'w', encoding='utf-8') as file:
                file.write(stream.take())
        print(status, file=answers, flush=True)


main()
