<%@ page trimDirectiveWhitespaces="true" import="java.awt.*,java.awt.image.*,javax.imageio.*" %><%
BufferedImage image = new BufferedImage(60, 30, BufferedImage.TYPE_INT_RGB);
Graphics2D graphics = image.createGraphics();
graphics.setFont(new Font("DejaVu Sans", Font.PLAIN, 14));
graphics.drawString("Hi", 5, 20);
response.setContentType("image/png");
ImageIO.write(image, request.getParameter("format"), response.getOutputStream());
%>
