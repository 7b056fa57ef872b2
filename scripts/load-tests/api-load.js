// Riders at once: they read the feed, open trips, look at maps, sign in, write and upload.
//
//   BASE_URL=https://staging.example.org k6 run --vus 50 --duration 30s scripts/load-tests/api-load.js
//
// Settings, all by the environment:
//   BASE_URL   where the site is; needed
//   TOKEN      a personal token that may write; or LOGIN and PASSWORD. Without either they only read
//   PROFILE    smoke, reference, load, stress, spike or soak, instead of --vus and --duration
//   DURATION   of each step of the profile, such as 30s; else the profile's own
//   THINK      seconds that a rider looks at something on average; 1
//   RESOLVE    name=address:port, where the name leads elsewhere than the test shall go

import http from 'k6/http';
import { check, group, sleep } from 'k6';
import exec from 'k6/execution';

const BASE = required('BASE_URL').replace(/\/+$/, '');
const API = `${BASE}/api/v1`;
const THINK = Number(__ENV.THINK || 1);
const SIGNING_IN = 5; // riders; more from one address would be taken for guessing
const P95_MILLISECONDS = 500;
const STEPS = [10, 25, 50, 75, 100];

function required(name) {
  if (!__ENV[name]) throw new Error(`${name} is not set; see the head of this script`);
  return __ENV[name];
}

function steady(vus, duration) {
  return { all: { executor: 'constant-vus', vus, duration: __ENV.DURATION || duration } };
}

function seconds(duration) {
  const found = /^(\d+)(s|m)$/.exec(duration);
  if (!found) throw new Error(`DURATION is ${duration}; write it like 30s or 5m`);
  return Number(found[1]) * (found[2] === 'm' ? 60 : 1);
}

function stairs() {
  const length = seconds(__ENV.DURATION || '15s');
  const steps = {};
  STEPS.forEach((vus, number) => {
    steps[`riders_${vus}`] = {
      executor: 'constant-vus', vus, duration: `${length}s`, startTime: `${number * length}s`,
      gracefulStop: '0s', tags: { step: String(vus) },
    };
  });
  return steps;
}

function spike() {
  const high = __ENV.DURATION || '15s';
  const stages = [
    { duration: '10s', target: 5 }, { duration: '3s', target: 100 }, { duration: high, target: 100 },
    { duration: '3s', target: 5 }, { duration: '15s', target: 5 },
  ];
  return { all: { executor: 'ramping-vus', startVUs: 5, stages } };
}

const PROFILES = {
  smoke: () => steady(2, '15s'),
  reference: () => steady(10, '20s'), // what a check of a release sends
  load: () => steady(50, '30s'),
  stress: stairs,
  spike,
  soak: () => steady(20, '30m'),
};

function thresholds() {
  const wanted = {
    http_req_failed: ['rate<=0'],
    checks: ['rate>=1'],
    'http_req_duration{scope:measured}': [`p(95)<${P95_MILLISECONDS}`],
  };
  for (const journey of ['feed', 'trip', 'map', 'sign-in', 'write', 'upload']) {
    wanted[`http_req_duration{journey:${journey}}`] = ['p(95)>=0']; // so that it is in the results
  }
  if (__ENV.PROFILE !== 'stress') return wanted;
  for (const step of STEPS) {
    wanted[`http_req_duration{step:${step}}`] = ['p(95)>=0'];
    wanted[`http_req_failed{step:${step}}`] = ['rate>=0'];
    wanted[`http_reqs{step:${step}}`] = ['count>=0'];
  }
  delete wanted.http_req_failed; // where it breaks is what is asked
  delete wanted.checks;
  delete wanted['http_req_duration{scope:measured}'];
  return wanted;
}

function scenarios() {
  const profile = __ENV.PROFILE;
  if (!profile) return {};
  if (!PROFILES[profile]) {
    throw new Error(`there is no profile ${profile}; there are ${Object.keys(PROFILES).join(', ')}`);
  }
  return { scenarios: PROFILES[profile]() };
}

export const options = {
  thresholds: thresholds(),
  summaryTrendStats: ['avg', 'min', 'med', 'max', 'p(90)', 'p(95)', 'p(99)'],
  userAgent: 'ContraVento load test',
  setupTimeout: '90s',
  teardownTimeout: '60s',
  hosts: __ENV.RESOLVE ? Object.fromEntries([__ENV.RESOLVE.split('=')]) : {},
  ...scenarios(),
};

export function setup() {
  const token = __ENV.TOKEN || signedIn();
  if (!token) console.warn('neither TOKEN nor LOGIN is set: these riders only read');
  return { token, trip: token ? aTripWithATrack(token) : null };
}

export function teardown({ token, trip }) {
  if (trip) http.del(`${API}/trips/${trip}`, null, asking({ token }, 'after'));
}

export default function (rider) {
  if (exec.vu.iterationInScenario === 0) {
    sleep(Math.random() * 2 * THINK); // riders do not come in the same moment
    if (exec.vu.idInTest <= SIGNING_IN) signIn();
  }
  const dice = Math.random();
  if (dice < 0.45 || (!rider.token && dice > 0.75)) readFeed();
  else if (dice < 0.75) openTrip();
  else if (dice < 0.88) lookAtMap(rider);
  else if (dice < 0.97) write(rider);
  else upload(rider);
}

function readFeed() {
  group('feed', () => {
    const page = http.get(`${BASE}/`, asNobody('feed'));
    check(page, { 'the feed is a page': (answer) => answer.status === 200 });
    think();
    entries('feed');
    think();
  });
}

function openTrip() {
  group('trip', () => {
    const chosen = any(entries('trip'));
    think();
    if (!chosen) return;
    const answers = http.batch([
      ['GET', `${BASE}/trips/${chosen.slug}`, null, asNobody('trip', 'GET /trips/{slug}')],
      ['GET', `${API}/trips/${chosen.id}`, null, asNobody('trip', 'GET /api/v1/trips/{id}')],
      ['GET', `${API}/trips/${chosen.id}/photos`, null, asNobody('trip', 'GET photos')],
    ]);
    check(answers, { 'the trip opens': (all) => all.every(({ status }) => status === 200) });
    think();
  });
}

function lookAtMap(rider) {
  group('map', () => {
    const listed = http.get(`${API}/trips/${rider.trip}/tracks`, asking(rider, 'map', 'GET tracks'));
    for (const track of listed.json('items') || []) {
      if (track.state !== 'ready') continue;
      const place = `${API}/tracks/${track.id}/geometry?tolerance=20`;
      const line = http.get(place, asking(rider, 'map', 'GET geometry'));
      check(line, { 'the line is there': (answer) => answer.json('geometry.coordinates').length > 0 });
      break;
    }
    think();
  });
}

function write(rider) {
  group('write', () => {
    const made = start(rider, 'write');
    check(made, { 'a draft is kept': (answer) => answer.status === 201 });
    if (made.status !== 201) return;
    think();
    const place = `${API}/trips/${made.json('id')}`;
    const named = asking(rider, 'write', '/api/v1/trips/{id}');
    const changed = http.patch(place, JSON.stringify({ story: 'The road went on.' }), named);
    check(changed, { 'a change is kept': (answer) => answer.status === 200 });
    think();
    http.del(place, null, named);
  });
}

function upload(rider) {
  group('upload', () => {
    const made = start(rider, 'upload');
    if (made.status !== 201) return;
    const sent = send(rider, made.json('id'), 300);
    check(sent, { 'a file is taken': (answer) => answer.status === 202 });
    think();
    const named = asking(rider, 'upload', '/api/v1/trips/{id}');
    http.del(`${API}/trips/${made.json('id')}`, null, named);
  });
}

function signIn() {
  if (!__ENV.LOGIN) return;
  group('sign-in', () => {
    const given = JSON.stringify({ login: __ENV.LOGIN, password: __ENV.PASSWORD });
    const granted = http.post(`${API}/sessions`, given, asking(null, 'sign-in'));
    check(granted, { 'the rider is in': (answer) => answer.status === 201 });
    if (granted.status !== 201) return;
    const rider = { token: granted.json('access_token') };
    http.del(`${API}/sessions/current`, null, asking(rider, 'sign-in'));
  });
}

function signedIn() {
  if (!__ENV.LOGIN) return null;
  const given = JSON.stringify({ login: __ENV.LOGIN, password: __ENV.PASSWORD });
  const granted = http.post(`${API}/sessions`, given, asking(null, 'before'));
  if (granted.status !== 201) throw new Error(`signing in was answered with ${granted.status}`);
  return granted.json('access_token');
}

function aTripWithATrack(token) {
  const rider = { token };
  const trip = start(rider, 'before').json('id');
  if (!trip) throw new Error('TOKEN or LOGIN may not write trips');
  const track = send(rider, trip, 2000, 'before').json('id');
  for (let tries = 0; tries < 60; tries += 1) {
    const found = http.get(`${API}/tracks/${track}`, asking(rider, 'before', 'GET track'));
    if (found.json('state') === 'ready') return trip;
    sleep(1);
  }
  throw new Error('the worker did not read the track within a minute');
}

function entries(journey) {
  const answer = http.get(`${API}/feed`, asNobody(journey));
  check(answer, { 'the feed answers': ({ status }) => status === 200 });
  return answer.status === 200 ? answer.json('items') : [];
}

function start(rider, journey) {
  const draft = JSON.stringify({ title: 'Load test', audience: 'me' });
  return http.post(`${API}/trips`, draft, asking(rider, journey));
}

function send(rider, trip, points, journey = 'upload') {
  const file = http.file(track(points), 'load.gpx', 'application/gpx+xml');
  const named = asking(rider, journey, 'POST tracks');
  delete named.headers['Content-Type'];
  return http.post(`${API}/trips/${trip}/tracks`, { file }, named);
}

function track(points) {
  let rows = '';
  const [north, east] = [40 + Math.random(), -3 + Math.random()];
  for (let number = 0; number < points; number += 1) {
    const [lat, lon] = [north + number / 9000, east + Math.sin(number / 40) / 90];
    rows += `<trkpt lat="${lat.toFixed(6)}" lon="${lon.toFixed(6)}"><ele>${number % 900}</ele></trkpt>`;
  }
  return '<?xml version="1.0"?><gpx version="1.1" creator="load"'
    + ` xmlns="http://www.topografix.com/GPX/1/1"><trk><trkseg>${rows}</trkseg></trk></gpx>`;
}

function asking(rider, journey, name) {
  const headers = { 'Content-Type': 'application/json', 'Accept-Language': 'en' };
  if (rider && rider.token) headers.Authorization = `Bearer ${rider.token}`;
  const scope = ['before', 'after'].includes(journey) ? 'beside' : 'measured';
  const tags = { journey, scope };
  if (name) tags.name = name;
  return { headers, tags, timeout: '30s' };
}

// A reader who has not signed in. nginx keeps such answers for a moment; with an Origin it asks the application,
// which is what is measured here: most riders read what nobody has just read.
function asNobody(journey, name) {
  const asked = asking(null, journey, name);
  asked.headers.Origin = /^https?:\/\/[^/]+/.exec(BASE)[0];
  return asked;
}

function any(list) {
  return list.length ? list[Math.floor(Math.random() * list.length)] : null;
}

function think() {
  sleep(THINK * (0.5 + Math.random()));
}
