<%@ page contentType="text/plain;charset=UTF-8" trimDirectiveWhitespaces="true"
	import="java.io.*,java.net.*,java.nio.file.*,java.security.*,java.text.*,java.time.*,java.util.*,java.util.concurrent.*,java.util.regex.*,java.util.zip.*,javax.crypto.*,javax.crypto.spec.*" %><%
String what = String.valueOf(request.getParameter("what"));
switch (what) {
case "zone":
	out.print(ZonedDateTime.of(2024, 7, 1, 12, 0, 0, 0, ZoneOffset.UTC).withZoneSameInstant(ZoneId.of(request.getParameter("zone"))).toLocalTime());
	break;
case "local":
	out.print(ZonedDateTime.of(2024, 7, 1, 12, 0, 0, 0, ZoneOffset.UTC).withZoneSameInstant(ZoneId.systemDefault()).toLocalTime());
	break;
case "number":
	out.print(NumberFormat.getCurrencyInstance(Locale.forLanguageTag(request.getParameter("locale"))).format(1234.5));
	break;
case "collate":
	String[] words = {"Zebra", "Äpfel", "Apfel", "Öl"};
	Arrays.sort(words, Collator.getInstance(Locale.GERMAN));
	out.print(String.join(",", words));
	break;
case "digest":
	out.print(HexFormat.of().formatHex(MessageDigest.getInstance(request.getParameter("name")).digest("x".getBytes())));
	break;
case "cipher":
	Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
	cipher.init(Cipher.ENCRYPT_MODE, new SecretKeySpec(new byte[16], "AES"), new GCMParameterSpec(128, new byte[12]));
	out.print(HexFormat.of().formatHex(cipher.doFinal("x".getBytes())).length());
	break;
case "keys":
	KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
	generator.initialize(256);
	Signature signature = Signature.getInstance("SHA256withECDSA");
	KeyPair pair = generator.generateKeyPair();
	signature.initSign(pair.getPrivate());
	signature.update("x".getBytes());
	byte[] signed = signature.sign();
	signature.initVerify(pair.getPublic());
	signature.update("x".getBytes());
	out.print(signature.verify(signed));
	break;
case "process":
	Process process = new ProcessBuilder("/usr/bin/sha256sum", "/etc/corpus-tls/ca.pem").start();
	out.print(new String(process.getInputStream().readAllBytes()).split(" ")[0]);
	break;
case "name":
	try {
		out.print(InetAddress.getByName(request.getParameter("name")).getHostAddress());
	} catch (UnknownHostException error) {
		response.setStatus(404);
	}
	break;
case "file":
	Path file = Files.createTempFile("corpus", ".gz");
	try (OutputStream stream = new GZIPOutputStream(Files.newOutputStream(file))) {
		stream.write("squeezed".getBytes());
	}
	try (InputStream stream = new GZIPInputStream(Files.newInputStream(file))) {
		out.print(new String(stream.readAllBytes()));
	}
	Files.delete(file);
	break;
case "session":
	Integer count = (Integer) session.getAttribute("n");
	session.setAttribute("n", count == null ? 1 : count + 1);
	out.print(session.getAttribute("n"));
	break;
case "threads":
	ExecutorService pool = Executors.newFixedThreadPool(4);
	List<Future<Integer>> parts = new ArrayList<>();
	for (int i = 0; i < 10; i++) {
		final int n = i;
		parts.add(pool.submit(() -> n * n));
	}
	int sum = 0;
	for (Future<Integer> part : parts) {
		sum += part.get();
	}
	pool.shutdown();
	out.print(sum);
	break;
case "script":
	out.print(Pattern.compile("(\\w)(\\w)").matcher("ab").replaceAll("$2$1"));
	break;
case "xml":
	javax.xml.parsers.DocumentBuilder builder = javax.xml.parsers.DocumentBuilderFactory.newInstance().newDocumentBuilder();
	out.print(builder.parse(new ByteArrayInputStream("<a><b/><b/></a>".getBytes())).getElementsByTagName("b").getLength());
	break;
case "fetch":
	out.print(new String(new URL("http://localhost:8080/style.css").openStream().readAllBytes()).substring(0, 4));
	break;
case "error":
	throw new IllegalStateException("as asked for");
default:
	response.setStatus(404);
}
%>
