// npm's redlock on one Redis: competes for a lock, or tries to release what is another's. JSON in, JSON out.
'use strict';

const { randomUUID } = require('crypto');
const Redis = require('ioredis');
const Redlock = require('redlock');

const LEASE_MS = 10_000;

// Every turn goes into a list that Redis keeps in order: whoever finds two that overlap has found two holders.
async function compete(redis, { resource, log, seconds }) {
  const redlock = new Redlock([redis], { retryCount: 5_000, retryDelay: 5, retryJitter: 5 });
  const until = Date.now() + seconds * 1_000;
  let turns = 0;
  while (Date.now() < until) {
    const lock = await redlock.lock(resource, LEASE_MS);
    const turn = `redlock-${randomUUID()}`;
    await redis.rpush(log, `begin ${turn}`);
    await redis.rpush(log, `end ${turn}`);
    await lock.unlock();
    turns += 1;
    await new Promise((resume) => setTimeout(resume, 2));
  }
  return { turns };
}

async function steal(redis, { resource }) {
  const redlock = new Redlock([redis], { retryCount: 0 });
  const foreign = new Redlock.Lock(redlock, [resource], 'of-a-stranger', Date.now() + LEASE_MS, 0);
  let refused = false;
  try {
    await foreign.unlock();
  } catch (error) {
    refused = error instanceof Redlock.LockError;
  }
  let held = false;
  try {
    await redlock.lock(resource, LEASE_MS);
  } catch (error) {
    held = error instanceof Redlock.LockError;
  }
  return { refused, held };
}

// Takes it and leaves it.
async function take(redis, { resource }) {
  await new Redlock([redis], { retryCount: 2_000, retryDelay: 5 }).lock(resource, LEASE_MS * 60);
  return { value: await redis.get(resource) };
}

async function main() {
  const question = JSON.parse(require('fs').readFileSync(0, 'utf8'));
  const redis = new Redis(question.url);
  const answer = await { compete, steal, take }[question.task](redis, question);
  process.stdout.write(JSON.stringify(answer));
  redis.disconnect();
}

main();
