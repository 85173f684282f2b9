<?php
$db = new PDO('sqlite:/var/lib/shop/shop.db');
$db->setAttribute(PDO::ATTR_TIMEOUT, 10);
$db->exec('CREATE TABLE IF NOT EXISTS item (id INTEGER PRIMARY KEY, name TEXT)');
$path = $_GET['path'] ?? '/';
switch (true) {
case $path === '/':
	echo '<h1>Shop</h1>';
	break;
case $path === '/items' && $_SERVER['REQUEST_METHOD'] === 'POST':
	$name = json_decode(file_get_contents('php://input'), true)['name'] ?? '';
	if ($name === '') {
		http_response_code(422);
		break;
	}
	$db->prepare('INSERT INTO item (name) VALUES (?)')->execute([$name]);
	http_response_code(201);
	echo json_encode(['id' => (int) $db->lastInsertId()]);
	break;
case preg_match('#^/items/(\d+)$#', $path, $found) === 1:
	$select = $db->prepare('SELECT id, name FROM item WHERE id = ?');
	$select->execute([$found[1]]);
	$row = $select->fetch(PDO::FETCH_ASSOC);
	http_response_code($row ? 200 : 404);
	echo json_encode($row ?: null);
	break;
case $path === '/zone':
	date_default_timezone_set('Asia/Tokyo');
	echo date('H:i T', 1719835200);
	break;
case $path === '/upper':
	echo mb_strtoupper('größe');
	break;
case $path === '/slow':
	usleep(300000);
	echo 'late';
	break;
case $path === '/who':
	echo posix_getpwuid(posix_geteuid())['name'];
	break;
case $path === '/session':
	session_start();
	echo $_SESSION['n'] = ($_SESSION['n'] ?? 0) + 1;
	break;
case $path === '/die':
	posix_kill(getmypid(), 9);
	break;
case $path === '/error':
	throw new RuntimeException('as asked for');
default:
	http_response_code(404);
	echo 'none';
}
