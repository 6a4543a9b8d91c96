// SPDX-License-Identifier: MIT
// The URL of an endpoint (chapter END, HTTP-002).
import {reject} from './errors.mjs';

const PARTITIONS = [ // END-002
  ['aws-cn', /^cn-\w+-\d+$/, 'amazonaws.com.cn', 'api.amazonwebservices.com.cn'],
  ['aws-us-gov', /^us-gov-\w+-\d+$/, 'amazonaws.com', 'api.aws'],
  ['aws-iso', /^us-iso-\w+-\d+$/, 'c2s.ic.gov', 'api.aws.ic.gov'],
  ['aws-iso-b', /^us-isob-\w+-\d+$/, 'sc2s.sgov.gov', 'api.aws.scloud'],
  ['aws-iso-e', /^eu-isoe-\w+-\d+$/, 'cloud.adc-e.uk', 'api.cloud-aws.adc-e.uk'],
  ['aws-iso-f', /^us-isof-\w+-\d+$/, 'csp.hci.ic.gov', 'api.aws.hci.ic.gov'],
  ['aws-eusc', /^eusc-de-\w+-\d+$/, 'amazonaws.eu', 'api.amazonwebservices.eu'],
];
const AWS = ['aws', /./, 'amazonaws.com', 'api.aws'];

const refuse = (message) => reject('configuration', message);

function partitionOf(region) {
  return PARTITIONS.find(([name, pattern]) => pattern.test(region) || (name !== 'aws-eusc' && region === `${name}-global`)) ?? AWS;
}

// Returns a region without its FIPS prefix or suffix, and whether it had one (END-007).
function plainRegion(region) {
  const plain = region.replace(/^fips-/, '').replace(/-fips$/, '');
  return [plain, plain !== region];
}

export function checkRegion(region) {
  const isLabel = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(region ?? '');
  if (!isLabel) refuse('no region, or not a lower-case DNS label'); // END-003
}

function hostOf(region, fips, dual) {
  const [partition, , dns, dualDns] = partitionOf(region);
  if (dual) return `runtime.sagemaker${fips ? '-fips' : ''}.${region}.${dualDns}`;
  if (!fips || partition === 'aws-us-gov') return `runtime.sagemaker.${region}.${dns}`;
  return partition === 'aws' ? `runtime-fips.sagemaker.${region}.${dns}` : `runtime.sagemaker-fips.${region}.${dns}`;
}

function isAddress(text) {
  try {
    return /^[0-9A-Fa-f:.]+$/.test(text) && new URL(`http://[${text}]/`).hostname !== '';
  } catch {
    return false;
  }
}

function isHostName(text) {
  const labels = text.replace(/\.$/, '').split('.');
  const areLabels = labels.every((label) => /^[A-Za-z0-9_-]{1,63}$/.test(label));
  return areLabels && /^[A-Za-z0-9](.*[A-Za-z0-9])?$/.test(labels.join('.'));
}

// Returns the parts of a custom endpoint's URL: scheme, host, port and base path (HTTP-002).
export function parseUrl(url) {
  const match = /^(https?):\/\/(\[[^\]]*\]|[^/:?#@[\]]*)(?::([^/]*))?(\/.*)?$/is.exec(url);
  if (!match) refuse('the endpoint URL is not http(s)://host[:port][/path]');
  const [, scheme, host, port, path = ''] = match;
  const isHost = host.startsWith('[') ? isAddress(host.slice(1, -1)) : isHostName(host);
  if (!isHost) refuse('the endpoint URL has an invalid host');
  const isPort = port === undefined || (/^[0-9]{1,5}$/.test(port) && Number(port) >= 1 && Number(port) <= 65535);
  if (!isPort) refuse('the endpoint URL has an invalid port');
  if (!/^[A-Za-z0-9/\-._~!$&'()*+,;=:@%]*$/.test(path)) refuse('the endpoint URL has an invalid path');
  return {scheme: scheme.toLowerCase(), host: host.toLowerCase().replace(/\.$/, ''), port, basePath: path.replace(/\/+$/, '')};
}

// Returns the URL without a final slash, and the region and service for the signature.
export function resolve({region, use_fips: useFips, use_dualstack: dual, endpoint_url: url}) {
  if (url === undefined || url === null) {
    checkRegion(region);
    const [plain, hadFips] = plainRegion(region);
    checkRegion(plain);
    return {url: `https://${hostOf(plain, useFips || hadFips, dual)}`, signing_region: plain, signing_name: 'sagemaker'};
  }
  if (useFips || dual) refuse('a custom endpoint with FIPS or dual-stack'); // END-004
  const {scheme, host, port, basePath} = parseUrl(url);
  const authority = port === undefined ? host : `${host}:${port}`;
  const common = {url: `${scheme}://${authority}${basePath}`, signing_name: 'sagemaker'};
  if (region === undefined || region === null) return {...common, signing_region: null};
  checkRegion(region);
  const [plain, hadFips] = plainRegion(region);
  if (hadFips) refuse('a custom endpoint with a FIPS region'); // END-007
  return {...common, signing_region: plain};
}
