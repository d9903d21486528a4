// One GET by Node: call.mjs fetch|https|fetch-agent|https-agent URL. Token from CALL_TOKEN. Exit status 0 for an answer of 200.
// "-agent": through the proxy that the variables name, by an agent of the script's own; Node before 24 has no other way. Where they name none, directly.
import http from 'node:http';
import https from 'node:https';
import tls from 'node:tls';

const [client, url] = process.argv.slice(2);
const headers = { Authorization: `Bearer ${process.env.CALL_TOKEN}` };
const target = new URL(url);
const secure = target.protocol === 'https:';
const named = process.env.HTTPS_PROXY;

/// A connection to the target through a tunnel of the proxy.
function tunnel(done) {
  const proxy = new URL(named);
  const path = `${target.hostname}:${target.port || (secure ? 443 : 80)}`;
  const auth = proxy.username && `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  const fields = auth ? { 'Proxy-Authorization': `Basic ${Buffer.from(auth).toString('base64')}` } : {};
  http.request({ host: proxy.hostname, port: proxy.port, method: 'CONNECT', path, headers: fields })
    .on('error', done)
    .on('connect', (answer, socket) => {
      if (answer.statusCode !== 200) return done(new Error(`the proxy answers ${answer.statusCode}`));
      if (!secure) return done(null, socket);
      const encrypted = tls.connect({ socket, servername: target.hostname, ALPNProtocols: ['http/1.1'] });
      encrypted.once('secureConnect', () => done(null, encrypted)).once('error', done);
    })
    .end();
}

async function byFetch(throughProxy) {
  const options = { headers };
  if (throughProxy) {
    await fetch('data:,'); // loads Node's own dispatcher, whose class is not exported otherwise
    const { constructor: Agent } = globalThis[Symbol.for('undici.globalDispatcher.1')];
    options.dispatcher = new Agent({ connect: (_, done) => tunnel(done) });
  }
  const answer = await fetch(url, options);
  await answer.text();
  return answer.status;
}

function byModule(throughProxy) {
  const module = secure ? https : http;
  return new Promise((resolve, reject) => {
    const send = (more) =>
      module.get(url, { headers, ...more }, (answer) => {
        answer.resume();
        answer.on('end', () => resolve(answer.statusCode));
      }).on('error', reject);
    if (!throughProxy) return send({});
    tunnel((error, socket) => {
      if (error) return reject(error);
      const agent = new module.Agent({ keepAlive: true });
      agent.createConnection = () => socket;
      send({ agent });
    });
  });
}

const [name, agent] = client.split('-');
const status = await (name === 'fetch' ? byFetch : byModule)(agent === 'agent' && Boolean(named));
if (status !== 200) console.error(`the answer is ${status}`);
process.exit(status === 200 ? 0 : 1);
