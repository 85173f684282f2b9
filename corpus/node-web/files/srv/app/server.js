'use strict';
const child = require('child_process');
const crypto = require('crypto');
const dns = require('dns');
const fs = require('fs');
const https = require('https');
const path = require('path');
const worker = require('worker_threads');
const zlib = require('zlib');

const express = require('express');
const sqlite3 = require('sqlite3');
const ws = require('ws');

const database = new sqlite3.Database('/var/lib/app/notes.db');
database.serialize(() => database.run('CREATE TABLE IF NOT EXISTS note (id INTEGER PRIMARY KEY, words TEXT)'));

const app = express();
app.use(express.json());
app.use('/static', express.static(path.join(__dirname, 'static')));

app.get('/', (request, response) => response.send('<h1>Notes</h1>'));
app.get('/healthz', (request, response) => response.type('text').send('ok\n'));

app.post('/notes', (request, response, next) => {
	if (typeof request.body.words !== 'string' || request.body.words === '') {
		return response.status(422).json({error: 'words'});
	}
	database.run('INSERT INTO note (words) VALUES (?)', request.body.words, function (error) {
		return error ? next(error) : response.status(201).json({id: this.lastID});
	});
});
app.get('/notes/:id', (request, response, next) => {
	database.get('SELECT id, words FROM note WHERE id = ?', request.params.id, (error, row) => {
		if (error) {
			return next(error);
		}
		return row ? response.json(row) : response.status(404).json({error: 'none'});
	});
});
app.get('/time/:area/:city', (request, response) => {
	const zone = `${request.params.area}/${request.params.city}`;
	const noon = new Date('2024-07-01T12:00:00Z');
	try {
		response.json({there: noon.toLocaleTimeString('en-GB', {timeZone: zone}), here: noon.getHours()});
	} catch (error) {
		response.status(404).json({error: error.message});
	}
});
app.get('/number', (request, response) =>
	response.send(new Intl.NumberFormat('de-AT', {style: 'currency', currency: 'EUR'}).format(1234.5)));
app.get('/process', (request, response, next) => {
	child.execFile(process.execPath, ['-p', '6*7'], (error, output) => error ? next(error) : response.send(output.trim()));
});
app.get('/git', (request, response, next) => {
	child.execFile('git', ['--version'], (error, output) => error ? next(error) : response.send(output));
});
app.get('/worker', (request, response, next) => {
	const thread = new worker.Worker(
		'const {parentPort} = require("worker_threads"); let s = 0; for (let i = 0; i < 1e6; i++) s += i; parentPort.postMessage(s)',
		{eval: true});
	thread.on('message', (sum) => response.send(String(sum)));
	thread.on('error', next);
});
app.get('/names/:name', (request, response) => {
	dns.lookup(request.params.name, {family: 4}, (error, address) =>
		error ? response.status(404).json({error: error.code}) : response.json({address}));
});
app.get('/hash', (request, response) => {
	const key = crypto.scryptSync('secret', 'salt', 32);
	response.json({sha: crypto.createHash('sha256').update('x').digest('hex'), key: key.length});
});
app.get('/gzip', (request, response) =>
	response.set('Content-Encoding', 'gzip').send(zlib.gzipSync('squeezed '.repeat(100))));
app.get('/brotli', (request, response) =>
	response.send(zlib.brotliDecompressSync(zlib.brotliCompressSync('through brotli')).toString()));
app.post('/upload', (request, response, next) => {
	const name = path.join('/var/lib/app', crypto.randomUUID());
	request.pipe(fs.createWriteStream(name)).on('finish', () => {
		fs.stat(name, (error, info) => error ? next(error) : response.json({size: info.size}));
	}).on('error', next);
});
app.get('/fetch', (request, response, next) => {
	https.get({host: 'localhost', family: 4, port: 3443, path: '/healthz', ca: fs.readFileSync('/etc/corpus-tls/ca.pem')}, (answer) => {
		answer.pipe(response);
	}).on('error', next);
});
app.get('/error', () => {
	throw new Error('as asked for');
});
app.get('/module', async (request, response) => {
	const {answer} = await import('./late.mjs');
	response.send(String(answer));
});

const server = app.listen(3000, '0.0.0.0');
https.createServer({key: fs.readFileSync('/etc/corpus-tls/key.pem'), cert: fs.readFileSync('/etc/corpus-tls/cert.pem')}, app)
	.listen(3443, '0.0.0.0');
const sockets = new ws.Server({server, path: '/echo'});
sockets.on('connection', (socket) => socket.on('message', (data) => socket.send(String(data).toUpperCase())));
process.on('SIGTERM', () => process.exit(0));
