"""Two locks of Python on one Redis, redis-py's own and python-redis-lock's: each competes for a lock, or tries to release
what is another's. JSON in, JSON out."""

import json
import logging
import sys
import time
import uuid

import redis
import redis_lock

LEASE = 10


class Own:
    """The lock of redis-py."""

    def __init__(self, client, resource):
        self.lock = client.lock(resource, timeout=LEASE, sleep=0.005, thread_local=False)

    def try_acquire(self):
        return self.lock.acquire(blocking=False)

    def release(self):
        self.lock.release()

    def pretend(self):
        self.lock.local.token = b"of-a-stranger"

    refusal = redis.exceptions.LockNotOwnedError


class Package:
    """The lock of python-redis-lock, which puts `lock:` before each name."""

    def __init__(self, client, resource):
        self.client, self.name = client, resource.removeprefix("lock:")
        self.lock = redis_lock.Lock(client, self.name, expire=LEASE)

    def try_acquire(self):
        return self.lock.acquire(blocking=False)

    def release(self):
        self.lock.release()

    def pretend(self):
        self.lock = redis_lock.Lock(self.client, self.name, expire=LEASE, id="of-a-stranger")

    refusal = redis_lock.NotAcquired


LOCKS = {"redis-py": Own, "python-redis-lock": Package}


def acquire(lock):
    until = time.monotonic() + LEASE * 6
    while not lock.try_acquire():
        if time.monotonic() > until:
            raise TimeoutError("nobody lets it in")
        time.sleep(0.005)


def compete(client, lock, question):
    until = time.monotonic() + question["seconds"]
    turns = 0
    while time.monotonic() < until:
        acquire(lock)
        turn = f"{question['library']}-{uuid.uuid4()}"
        client.rpush(question["log"], f"begin {turn}")
        client.rpush(question["log"], f"end {turn}")
        lock.release()
        turns += 1
        time.sleep(0.002)
    return {"turns": turns}


def steal(client, lock, question):
    held = not lock.try_acquire()
    lock.pretend()
    try:
        lock.release()
        refused = False
    except lock.refusal:
        refused = True
    return {"refused": refused, "held": held}


def take(client, lock, question):
    acquire(lock)
    client.persist(question["resource"])
    return {"value": client.get(question["resource"]).decode()}


def main():
    logging.disable()
    question = json.load(sys.stdin)
    client = redis.Redis.from_url(question["url"])
    lock = LOCKS[question["library"]](client, question["resource"])
    tasks = {"compete": compete, "steal": steal, "take": take}
    json.dump(tasks[question["task"]](client, lock, question), sys.stdout)


main()
