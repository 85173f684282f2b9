<?php
header('Content-Type: application/json');
$db = new PDO('sqlite:/var/lib/guestbook/book.db');
$db->setAttribute(PDO::ATTR_TIMEOUT, 10);
$db->exec('CREATE TABLE IF NOT EXISTS entry (id INTEGER PRIMARY KEY, author TEXT, words TEXT)');
if ($_SERVER['REQUEST_METHOD'] === 'POST') {
	if (empty($_POST['author']) || mb_strlen($_POST['author']) > 20) {
		http_response_code(422);
		echo json_encode(['error' => 'author']);
		exit;
	}
	$insert = $db->prepare('INSERT INTO entry (author, words) VALUES (?, ?)');
	$insert->execute([$_POST['author'], $_POST['words'] ?? '']);
	http_response_code(201);
	echo json_encode(['id' => (int) $db->lastInsertId()]);
	exit;
}
$select = $db->prepare('SELECT id, author, words FROM entry WHERE id = ?');
$select->execute([$_GET['id'] ?? 0]);
$row = $select->fetch(PDO::FETCH_ASSOC);
if (!$row) {
	http_response_code(404);
}
echo json_encode($row ?: ['error' => 'none']);
