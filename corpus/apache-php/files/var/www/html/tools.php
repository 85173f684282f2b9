<?php
// One page for everything that needs something of the system beside PHP itself.
header('Content-Type: text/plain; charset=utf-8');
switch ($_GET['what'] ?? '') {
case 'zone':
	echo date('T'), ' ', (new DateTime('2024-07-01 12:00 UTC'))->setTimezone(new DateTimeZone('Asia/Tokyo'))->format('H:i');
	break;
case 'number':
	echo (new NumberFormatter('de_AT', NumberFormatter::CURRENCY))->formatCurrency(1234.5, 'EUR');
	break;
case 'collate':
	$words = ['Zebra', 'Äpfel', 'Apfel', 'Öl'];
	(new Collator('de_AT'))->sort($words);
	echo implode(',', $words);
	break;
case 'locale':
	echo setlocale(LC_ALL, 'de_AT.UTF-8'), ' ', localeconv()['decimal_point'], ' ', nl_langinfo(MON_1);
	break;
case 'picture':
	header('Content-Type: image/png');
	$image = imagecreatetruecolor(40, 30);
	imagefilledrectangle($image, 0, 0, 39, 29, imagecolorallocate($image, 200, 30, 30));
	imagestring($image, 3, 4, 8, 'Hi', imagecolorallocate($image, 255, 255, 255));
	imagepng($image);
	break;
case 'jpeg':
	header('Content-Type: image/jpeg');
	imagejpeg(imagecreatetruecolor(20, 20));
	break;
case 'xml':
	$doc = new DOMDocument();
	$doc->loadXML('<a><b x="1"/><b x="2"/></a>');
	echo (new DOMXPath($doc))->query('//b[@x=2]')->length;
	break;
case 'zip':
	$name = tempnam('/tmp', 'zip');
	$zip = new ZipArchive();
	$zip->open($name, ZipArchive::OVERWRITE);
	$zip->addFromString('a.txt', 'inside');
	$zip->close();
	readfile($name);
	unlink($name);
	break;
case 'process':
	$process = proc_open(['/usr/bin/sha256sum', '/etc/corpus-tls/ca.pem'], [1 => ['pipe', 'w']], $pipes);
	echo stream_get_contents($pipes[1]);
	proc_close($process);
	break;
case 'curl':
	$curl = curl_init('https://localhost/style.css');
	curl_setopt_array($curl, [CURLOPT_RETURNTRANSFER => true, CURLOPT_CAINFO => '/etc/corpus-tls/ca.pem']);
	echo curl_exec($curl);
	break;
case 'name':
	echo gethostbyname('localhost');
	break;
case 'session':
	session_start();
	echo $_SESSION['n'] = ($_SESSION['n'] ?? 0) + 1;
	break;
case 'hash':
	echo password_verify('x', password_hash('x', PASSWORD_ARGON2ID)) ? 'yes' : 'no', strlen(random_bytes(8));
	break;
case 'error':
	throw new RuntimeException('as asked for');
default:
	http_response_code(404);
}
