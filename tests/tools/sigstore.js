// SPDX-License-Identifier: Apache-2.0
// The libraries of sigstore for JavaScript, as judges; NODE_PATH says where they are.
// usage: node sigstore.js verify BUNDLE PUBLIC-KEY       prints the payload
//        node sigstore.js attach IMAGE DIGEST FILE TYPE  credentials as docker keeps them
// Status 1 when it does not verify.
"use strict";
const crypto = require("crypto");
const fs = require("fs");

function verify(path, keyPath) {
	const {bundleFromJSON} = require("@sigstore/bundle");
	const {Verifier, toSignedEntity} = require("@sigstore/verify");
	const publicKey = crypto.createPublicKey(fs.readFileSync(keyPath));
	const der = publicKey.export({type: "spki", format: "der"});
	const hint = crypto.createHash("sha256").update(der).digest("base64");
	const trust = {
		certificateAuthorities: [], timestampAuthorities: [], tlogs: [], ctlogs: [],
		publicKey: (wanted) => {
			if (wanted !== hint)
				throw new Error("unknown key hint " + wanted);
			return {publicKey, validFor: () => true};
		},
	};
	const json = JSON.parse(fs.readFileSync(path));
	const verifier = new Verifier(trust, {tlogThreshold: 0, ctlogThreshold: 0, timestampThreshold: 0});
	verifier.verify(toSignedEntity(bundleFromJSON(json)));
	process.stdout.write(Buffer.from(json.dsseEnvelope.payload, "base64"));
}

async function attach(image, digest, path, type) {
	const {attachArtifactToImage, getRegistryCredentials} = require("@sigstore/oci");
	const made = await attachArtifactToImage({
		imageName: image, imageDigest: digest, artifact: fs.readFileSync(path), mediaType: type,
		credentials: getRegistryCredentials(image), annotations: {}, fetchOpts: {retry: 0},
	});
	console.log(made.digest);
}

const actions = {verify, attach};
const [action, ...rest] = process.argv.slice(2);
Promise.resolve()
	.then(() => actions[action](...rest))
	.catch((error) => {
		console.error(`${error.code || error.name}: ${error.message}`);
		process.exitCode = 1;
	});
