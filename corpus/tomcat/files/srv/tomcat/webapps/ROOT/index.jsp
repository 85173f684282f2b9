<%@ page contentType="text/html;charset=UTF-8" %><h1>Library</h1><% for (String book : new String[] {"Swann", "Prozeß"}) { %><p><%= book %></p><% } %>
