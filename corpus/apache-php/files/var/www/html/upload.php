<?php
header('Content-Type: text/plain');
$file = $_FILES['file'] ?? null;
if (!$file || $file['error']) {
	http_response_code(400);
	exit('none');
}
move_uploaded_file($file['tmp_name'], '/var/lib/guestbook/upload');
echo filesize('/var/lib/guestbook/upload'), ' ', hash_file('sha256', '/var/lib/guestbook/upload');
